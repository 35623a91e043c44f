import { defineConfig } from 'vitest/config'

/** Slow, or in need of Debian's packages: `npm run test:full`. Everything else is `npm test`. */
const FULL = ['tests/sdk/**/*.test.ts', 'tests/chaos/**/*.test.ts', 'tests/**/*.full.test.ts']

const soaking = process.env.BALANCE_SOAK !== undefined

export default defineConfig({
  test: {
    ...(soaking ? { reporters: ['default', './tests/support/soak-report.ts'] } : {}),
    projects: [
      {
        test: {
          name: 'quick',
          include: ['tests/**/*.test.ts'],
          exclude: FULL,
          testTimeout: soaking ? 3_600_000 : 20_000,
        },
      },
      {
        test: {
          name: 'workers',
          include: ['tests/daemon/**/*.test.ts'],
          exclude: FULL,
          env: { BALANCE_TEST_WORKERS: '2' },
          testTimeout: soaking ? 3_600_000 : 60_000,
        },
      },
      { test: { name: 'full', include: FULL, testTimeout: soaking ? 3_600_000 : 120_000 } },
    ],
  },
})
