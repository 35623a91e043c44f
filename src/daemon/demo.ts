import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '../base/secret.ts'
import { startMock } from '../mock/server.ts'
import { type BootstrapFlags, type LoadedConfig, loadConfig, NO_SERVICE } from '../model/config.ts'
import { openStore } from '../store/open.ts'
import { storeOptions } from '../store/options.ts'
import type { Daemon, DaemonParts } from './daemon.ts'
import { startDaemon } from './main.ts'

/** The demo's keys: what each stands for, and how the simulated provider answers it. */
const KEYS = [
  { label: 'healthy', value: 'sk-demo-healthy-4c1f7a0b9d', script: 'ok' },
  { label: 'rate-limited', value: 'sk-demo-limited-81e2d5c3f6', script: '429:20s' },
  { label: 'revoked', value: 'sk-demo-revoked-2b9e6d4a7c', script: '401' },
  { label: 'flaky', value: 'sk-demo-flaky-d07c5e1f3a', script: 'flaky:0.3' },
]
const TOKENS_PER_SECOND = 25

export interface Demo {
  readonly daemon: Daemon
  readonly token: Secret
  /** The folder that names this demo to other commands; removed when it ends. */
  readonly dataDir: string
  readonly ended: Promise<void>
}

type DemoParts = Omit<DaemonParts, 'config' | 'reread' | 'service' | 'makeFirstToken'>

/**
 * A gateway that shows what it does, with nothing to set up: a simulated provider with four keys
 * (healthy, rate-limited, revoked, flaky) behind a daemon on a temporary store.
 * No file and no variable of the user's is read, no store of theirs touched.
 */
export async function startDemo(parts: DemoParts, flags: BootstrapFlags): Promise<Demo> {
  const dataDir = await mkdtemp(join(tmpdir(), 'balance-demo-'))
  const scripts = Object.fromEntries(KEYS.map(({ value, script }) => [value, script]))
  const mock = await startMock({
    scripts,
    unknownKey: '401',
    rate: TOKENS_PER_SECOND,
    clock: parts.clock,
  })
  const clear = async () => {
    await mock.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    const config = loadConfig({
      flags: { ...flags, dataDir },
      env: { HOME: dataDir },
      cwd: dataDir,
      etc: dataDir,
    })
    const token = await fill(config, parts, mock.url)
    const daemon = await startDaemon({
      ...parts,
      config,
      reread: () => config,
      service: NO_SERVICE,
      makeFirstToken: false,
    })
    return { daemon, token, dataDir, ended: endThen(daemon, clear) }
  } catch (error) {
    await clear()
    throw error
  }
}

async function endThen({ ended }: Daemon, clear: () => Promise<void>): Promise<void> {
  await ended
  await clear()
}

async function fill(config: LoadedConfig, { clock }: DemoParts, baseUrl: string): Promise<Secret> {
  const store = await openStore(
    storeOptions(config, clock, { who: 'balance serve', what: 'serve --demo' }),
  )
  try {
    const provider = { name: 'demo', kind: 'openai', baseUrl, path: null, overrides: {} } as const
    await store.addProvider(provider, { makeDefault: true })
    await store.addKeys(
      'demo',
      KEYS.map(({ label, value }) => ({ label, value: new Secret(value) })),
    )
    return (await store.createToken({ name: 'demo' })).secret
  } finally {
    await store.close()
  }
}
