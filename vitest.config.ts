import { defineConfig } from 'vitest/config'

/** Those that measure how soon clients are answered, but for what was waited for a processor: two at a time. */
const LOAD = [
  'tests/chaos/changes.test.ts',
  'tests/chaos/overload.test.ts',
  'tests/chaos/retention.test.ts',
  'tests/chaos/stability-*.test.ts',
  'tests/chaos/tail.test.ts',
]
/** Whoever waits longer than `restart_drain` for an answer is cut off: a host that is behind would fail it. */
const RESTART = ['tests/chaos/restart.test.ts']
/** What users install: they wait for the registry most of the time, so they may run beside others. */
const PACKAGE = ['tests/package/**/*.test.ts', 'tests/docker/**/*.test.ts']
/** Three minutes at a low rate. */
const MEMORY = ['tests/chaos/memory.test.ts']
/** With a browser, and with passwords that are guessed. */
const DASHBOARD = [
  'tests/dashboard/**/*.full.test.ts',
  'tests/store/overview.full.test.ts',
  'tests/chaos/guesses.test.ts',
]
/** What a request costs: of all processors and of nothing that others do meanwhile. */
const COST = ['tests/bench/guard.full.test.ts']
/** Slow, or in need of Debian's packages: `npm run test:full`. Everything else is `npm test`. */
const FULL = ['tests/sdk/**/*.test.ts', 'tests/chaos/**/*.test.ts', 'tests/**/*.full.test.ts']

/** The full tests wait more than they compute. */
const PROCESSES = Number(process.env.BALANCE_TEST_PROCESSES ?? 2)

const soaking = process.env.BALANCE_SOAK !== undefined
const patience = (ms: number) => (soaking ? 3_600_000 : ms)

export default defineConfig({
  test: {
    ...(soaking ? { reporters: ['default', './tests/support/soak-report.ts'] } : {}),
    projects: [
      {
        test: {
          name: 'quick',
          include: ['tests/**/*.test.ts'],
          exclude: [...FULL, ...PACKAGE],
          testTimeout: patience(60_000),
          maxWorkers: PROCESSES,
          // Loading everything anew for each of two hundred files took a fifth of the run.
          isolate: false,
        },
      },
      {
        test: {
          name: 'workers',
          include: ['tests/daemon/**/*.test.ts'],
          exclude: FULL,
          env: { BALANCE_TEST_WORKERS: '2' },
          testTimeout: patience(60_000),
          maxWorkers: PROCESSES,
        },
      },
      {
        test: {
          name: 'full',
          include: FULL,
          exclude: [...LOAD, ...RESTART, ...MEMORY, ...DASHBOARD, ...COST],
          testTimeout: patience(120_000),
          hookTimeout: patience(60_000),
          maxWorkers: PROCESSES,
        },
      },
      {
        test: {
          name: 'dashboard',
          include: DASHBOARD,
          testTimeout: patience(120_000),
          hookTimeout: patience(60_000),
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: { name: 'memory', include: MEMORY, maxWorkers: PROCESSES },
      },
      {
        test: {
          name: 'package',
          include: PACKAGE,
          testTimeout: patience(300_000),
          hookTimeout: patience(300_000),
          maxWorkers: PROCESSES,
        },
      },
      {
        test: {
          name: 'load',
          include: LOAD,
          testTimeout: patience(120_000),
          hookTimeout: patience(60_000),
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'restart',
          include: RESTART,
          testTimeout: patience(120_000),
          hookTimeout: patience(60_000),
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'cost',
          include: COST,
          testTimeout: patience(120_000),
          hookTimeout: patience(120_000),
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
