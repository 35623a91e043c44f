import type { DaemonStatus, Traffic } from '../model/status.ts'
import { formatCount, formatShare } from './amount.ts'
import { breakerColumns, breakersOf } from './columns/breaker.ts'
import { nodeColumns } from './columns/node.ts'
import { providerStateColumns } from './columns/provider.ts'
import { proxyColumns } from './columns/proxy.ts'
import { workerColumns } from './columns/worker.ts'
import { formatLeft, formatMoment } from './moment.ts'
import type { Output } from './output.ts'
import { plural } from './plural.ts'
import { card, type Field } from './table.ts'

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
  const { paint } = out
  const { workers, nodes, providers, proxies, revision } = status
  const breakers = breakersOf(providers)
  const [head, ...fields] = daemonFields(status, out, wall)
  const parts = [card([head, ...troubles(status, out), ...fields, ...storeFields(status)])]
  if (workers.length > 1) parts.push(out.table(workerColumns(paint, revision), workers))
  if (nodes.length > 1) parts.push(out.table(nodeColumns(paint, wall), nodes))
  if (providers.length === 0) parts.push('No provider yet: balance providers add openai')
  else {
    const nextBack = returns.size === 0 ? null : (name: string) => left(returns.get(name), wall)
    parts.push(out.table(providerStateColumns(paint, nextBack), providers))
  }
  if (proxies.length > 0) parts.push(out.table(proxyColumns(paint, wall), proxies))
  if (breakers.length > 0) parts.push(out.table(breakerColumns(paint), breakers))
  return parts.join('\n\n')
}

function daemonFields(
  status: DaemonStatus,
  out: Output,
  wall: number,
): readonly [Field, ...Field[]] {
  const { green, yellow } = out.paint
  if (!status.running) return [['daemon', 'not running', yellow]]
  const requests = sum(status.workers.map(worker => worker.requests))
  const inFlight = sum(status.workers.map(worker => worker.in_flight))
  return [
    ['daemon', status.draining ? 'draining' : 'running', status.draining ? yellow : green],
    ['url', status.url],
    ...certificateFields(status, out, wall),
    ['process', `pid ${status.pid}, ${plural(status.workers.length, 'worker')}`],
    ['up', uptime(status.started, wall)],
    ['requests', `${formatCount(requests)} since start, ${formatCount(inFlight)} in flight`],
    ['last minute', traffic(status.last_minute)],
    ['last hour', traffic(status.last_hour)],
  ]
}

function certificateFields(
  { certificate }: DaemonStatus,
  { paint }: Output,
  wall: number,
): Field[] {
  if (certificate === null) return []
  const expires = Date.parse(certificate.expires)
  if (expires <= wall) return [['certificate', `expired on ${formatMoment(expires)}`, paint.red]]
  return [['certificate', `good for ${formatLeft(expires, wall)}`]]
}

/** What somebody should know first, and see on a small terminal too. */
function troubles(status: DaemonStatus, { paint }: Output): Field[] {
  const { pending, records, providers, store_health: health } = status
  const fields: Field[] = []
  if (pending) {
    fields.push(['not in force', `revision ${pending.revision}: ${pending.error}`, paint.red])
  }
  const sealed = providers.filter(({ keys }) => keys.sealed > 0)
  if (sealed.length > 0) {
    const counts = sealed.map(({ name, keys }) => `${keys.sealed} of ${name}`).join(', ')
    fields.push(['do not open', `keys: ${counts}; see balance secrets status`, paint.red])
  }
  if (health && !health.ok) fields.push(['store trouble', health.error, paint.red])
  if (records && (records.waiting > 0 || records.dropped > 0)) {
    const waiting = `${formatCount(records.waiting)} waiting to be written`
    const lost = `${formatCount(records.dropped)} dropped, of which the log will not tell`
    if (records.dropped === 0) fields.push(['log records', waiting, paint.yellow])
    else fields.push(['log records', `${waiting}, ${lost}`, paint.red])
  }
  return fields
}

function storeFields(status: DaemonStatus): Field[] {
  const { version, store, revision, config_file: file, proxies, no_proxy: direct } = status
  const exempt = proxies.length === 0 ? null : direct?.join(', ')
  return [
    ['version', version],
    ['store', store],
    ['revision', revision],
    ['config file', file ?? 'none'],
    ...(exempt ? [['NO_PROXY', exempt] satisfies Field] : []),
  ]
}

/** `2h 5m, since 2026-01-31 14:05:09`. */
function uptime(iso: string | null, wall: number): string | null {
  if (iso === null) return null
  const at = Date.parse(iso)
  return `${formatLeft(wall, at)}, since ${formatMoment(at)}`
}

/** `120 requests, 2.5% errors, 48,000 tokens`. */
function traffic(sums: Traffic | null): string | null {
  if (sums === null) return null
  const { requests, errors, tokens } = sums
  return `${formatCount(requests)} requests, ${formatShare(errors, requests)}% errors, ${formatCount(tokens)} tokens`
}

function left(at: number | undefined, wall: number): string | null {
  return at === undefined ? null : formatLeft(at, wall)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
