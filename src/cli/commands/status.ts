import type { Command } from 'commander'
import { VERSION } from '../../base/version.ts'
import { proxyStatuses } from '../../model/proxy-status.ts'
import type { DaemonStatus } from '../../model/status.ts'
import { whole } from '../option-values.ts'
import { overview } from '../overview.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'
import { readReturns, readState } from '../state.ts'
import { watch } from '../watch.ts'

export function define(command: Command, run: Run): void {
  command
    .option(
      '--watch [seconds]',
      'show it again so often, until Ctrl-C; every 2 s unless given',
      whole('--watch', 1, 3_600),
    )
    .addHelpText(
      'after',
      `
With no daemon it shows what the store holds; --json then has "running": false. With
--watch, --json prints one object a line.

Examples:
  $ balance status --json | jq .providers
  $ balance status --watch 5`,
    )
    .action(run(status))
}

const WATCH_EVERY = 2

async function status(session: Session, options: { watch?: number | true }): Promise<void> {
  const { out } = session
  if (options.watch !== undefined) {
    const seconds = options.watch === true ? WATCH_EVERY : options.watch
    return watch(session, seconds * 1_000, async () => {
      const found = await findStatus(session)
      return out.json ? JSON.stringify(found) : readable(session, found)
    })
  }
  const found = await findStatus(session)
  const text = out.json ? '' : await readable(session, found)
  out.show(found, () => text)
  if (!found.running) out.say('No daemon is running: balance serve')
}

async function findStatus(session: Session): Promise<DaemonStatus> {
  const daemon = await session.daemon()
  if (daemon) return daemon.call('status', {})
  const { revision, providers } = await readState(session)
  const { store, file } = session.config()
  return {
    running: false,
    version: VERSION,
    store,
    revision,
    pending: null,
    providers,
    proxies: proxyStatuses(await (await session.store()).proxies(), [], session.clock.wall()),
    no_proxy: null,
    pid: null,
    url: null,
    certificate: null,
    started: null,
    config_file: file,
    draining: false,
    workers: [],
    nodes: [],
    last_minute: null,
    last_hour: null,
    records: null,
    store_health: null,
  }
}

async function readable(session: Session, found: DaemonStatus): Promise<string> {
  const { out, clock } = session
  return overview(found, await returnsOf(session, found), out, clock.wall())
}

/** Left out where the store is in trouble: then, above all, the status must not wait for it. */
async function returnsOf(session: Session, found: DaemonStatus): Promise<Map<string, number>> {
  const resting = found.providers.some(({ keys }) => keys.cooling + keys.exhausted > 0)
  if (!resting || found.store_health?.ok === false) return new Map()
  try {
    if (found.running) await session.flush()
    return await readReturns(await session.store(), session.clock.wall())
  } catch {
    return new Map()
  }
}
