import type { Command } from 'commander'
import type { DaemonStatus, ProviderStatus } from '../../model/status.ts'
import { formatLeft, formatMoment } from '../moment.ts'
import type { Run } from '../program.ts'
import { providerColumns } from '../shapes/provider.ts'
import type { Session } from '../session.ts'
import { card, table } from '../table.ts'

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
  const found = await session.status()
  session.out.show(found, () => `${overview(found, session)}${providers(found.providers, session)}`)
  if (!found.running) session.out.say('No daemon is running: balance serve')
}

function overview(status: DaemonStatus, session: Session): string {
  const { green, yellow, red } = session.out.paint
  const { pending, records, store_health: health } = status
  const requests = sum(status.workers.map(worker => worker.requests))
  const inFlight = sum(status.workers.map(worker => worker.in_flight))
  const fields: [string, unknown, ((text: string) => string)?][] = [
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
  return `\n\n${table(providerColumns(session.out.paint), found)}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
