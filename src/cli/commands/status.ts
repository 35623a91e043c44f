import type { Command } from 'commander'
import { VERSION } from '../../base/version.ts'
import type { DaemonStatus, ProviderStatus } from '../../model/status.ts'
import { providerColumns } from '../columns/provider.ts'
import { formatLeft, formatMoment } from '../moment.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'
import { readState } from '../state.ts'
import { card, type Field } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .addHelpText(
      'after',
      `
With no daemon it shows what the store holds; --json then has "running": false.

Example:
  $ balance status --json | jq .providers`,
    )
    .action(run(status))
}

async function status(session: Session): Promise<void> {
  const found = await findStatus(session)
  session.out.show(found, () => `${overview(found, session)}${providers(found.providers, session)}`)
  if (!found.running) session.out.say('No daemon is running: balance serve')
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
    pid: null,
    url: null,
    started: null,
    config_file: file,
    draining: false,
    workers: [],
    records: null,
    store_health: null,
  }
}

function overview(status: DaemonStatus, session: Session): string {
  const { green, yellow, red } = session.out.paint
  const { pending, records, store_health: health } = status
  const requests = sum(status.workers.map(worker => worker.requests))
  const inFlight = sum(status.workers.map(worker => worker.in_flight))
  const fields: Field[] = [
    ['daemon', condition(status), status.running ? (status.draining ? yellow : green) : yellow],
  ]
  if (status.running) {
    fields.push(
      ['url', status.url],
      ['process', `pid ${status.pid}, ${status.workers.length} worker(s)`],
      ['started', started(status.started, session.clock.wall())],
      ['requests', `${requests} since start, ${inFlight} in flight`],
    )
  }
  fields.push(['version', status.version], ['store', status.store], ['revision', status.revision])
  fields.push(['config file', status.config_file ?? 'none'])
  if (pending) fields.push(['not in force', `revision ${pending.revision}: ${pending.error}`, red])
  if (health && !health.ok) fields.push(['store trouble', health.error, red])
  if (records && (records.waiting > 0 || records.dropped > 0)) {
    fields.push(['log records', `${records.waiting} waiting, ${records.dropped} dropped`, yellow])
  }
  return card(fields)
}

function condition(status: DaemonStatus): string {
  if (!status.running) return 'not running'
  return status.draining ? 'draining' : 'running'
}

function started(iso: string | null, wall: number): string | null {
  if (iso === null) return null
  const at = Date.parse(iso)
  return `${formatMoment(at)} (${formatLeft(wall, at)} ago)`
}

function providers(found: readonly ProviderStatus[], session: Session): string {
  if (found.length === 0) return '\n\nNo provider yet: balance providers add openai'
  return `\n\n${session.out.table(providerColumns(session.out.paint), found)}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
