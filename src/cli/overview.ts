import type { DaemonStatus, ProviderStatus, Traffic } from '../model/status.ts'
import { formatCount, formatShare } from './amount.ts'
import { nodeColumns } from './columns/node.ts'
import { providerColumns } from './columns/provider.ts'
import { formatLeft, formatMoment } from './moment.ts'
import type { Output } from './output.ts'
import { plural } from './plural.ts'
import { type Column, card, type Field } from './table.ts'

/**
 * What `status` shows to a person.
 * @param returns provider name → when the first of its keys that rest comes back, wall ms
 */
export function overview(
  status: DaemonStatus,
  returns: ReadonlyMap<string, number>,
  out: Output,
  wall: number,
): string {
  const parts = [card([...daemonFields(status, out, wall), ...storeFields(status, out)])]
  if (status.nodes.length > 1) parts.push(out.table(nodeColumns(out.paint, wall), status.nodes))
  if (status.providers.length === 0) parts.push('No provider yet: balance providers add openai')
  else
    parts.push(out.table(withReturns(providerColumns(out.paint), returns, wall), status.providers))
  return parts.join('\n\n')
}

function daemonFields(status: DaemonStatus, { paint }: Output, wall: number): Field[] {
  const { green, yellow } = paint
  if (!status.running) return [['daemon', 'not running', yellow]]
  const requests = sum(status.workers.map(worker => worker.requests))
  const inFlight = sum(status.workers.map(worker => worker.in_flight))
  return [
    ['daemon', status.draining ? 'draining' : 'running', status.draining ? yellow : green],
    ['url', status.url],
    ['process', `pid ${status.pid}, ${plural(status.workers.length, 'worker')}`],
    ['started', started(status.started, wall)],
    ['requests', `${formatCount(requests)} since start, ${formatCount(inFlight)} in flight`],
    ['last minute', traffic(status.last_minute)],
    ['last hour', traffic(status.last_hour)],
  ]
}

function storeFields(status: DaemonStatus, { paint }: Output): Field[] {
  const { pending, records, store_health: health } = status
  const fields: Field[] = [
    ['version', status.version],
    ['store', status.store],
    ['revision', status.revision],
    ['config file', status.config_file ?? 'none'],
  ]
  if (pending) {
    fields.push(['not in force', `revision ${pending.revision}: ${pending.error}`, paint.red])
  }
  if (health && !health.ok) fields.push(['store trouble', health.error, paint.red])
  if (records && (records.waiting > 0 || records.dropped > 0)) {
    const counts = `${records.waiting} waiting, ${records.dropped} dropped`
    fields.push(['log records', counts, paint.yellow])
  }
  return fields
}

function started(iso: string | null, wall: number): string | null {
  if (iso === null) return null
  const at = Date.parse(iso)
  return `${formatMoment(at)} (${formatLeft(wall, at)} ago)`
}

/** `120 requests, 2.5% errors, 48,000 tokens`. */
function traffic(sums: Traffic | null): string | null {
  if (sums === null) return null
  const { requests, errors, tokens } = sums
  return `${formatCount(requests)} requests, ${formatShare(errors, requests)}% errors, ${formatCount(tokens)} tokens`
}

function withReturns(
  columns: readonly Column<ProviderStatus>[],
  returns: ReadonlyMap<string, number>,
  wall: number,
): readonly Column<ProviderStatus>[] {
  if (returns.size === 0) return columns
  const next = ({ name }: ProviderStatus): string | null => {
    const at = returns.get(name)
    return at === undefined ? null : formatLeft(at, wall)
  }
  return [...columns, { head: 'NEXT BACK IN', cell: next }]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
