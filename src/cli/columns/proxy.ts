import type { ChalkInstance } from 'chalk'
import type { ProxyTestShape } from '../../control/shapes/proxy-test.ts'
import type { ProxyStatus } from '../../model/proxy-status.ts'
import { formatLeft } from '../moment.ts'
import type { Column } from '../table.ts'

/** `proxies list`, and `status` where there are any. */
export function proxyColumns(paint: ChalkInstance, wall: number): Column<ProxyStatus>[] {
  return [
    { head: 'ID', cell: row => row.id },
    { head: 'NAME', cell: row => row.name },
    { head: 'URL', soft: true, cell: row => row.url },
    {
      head: 'STATE',
      cell: row => row.state,
      paint: (text, row) => (row.state === 'active' ? paint.green(text) : paint.red(text)),
    },
    { head: 'KEYS', cell: row => row.keys, right: true },
    {
      head: 'CHECKED IN',
      cell: row => row.next_check && formatLeft(Date.parse(row.next_check), wall),
    },
    { head: 'LAST FAULT', soft: true, cell: row => row.reason || null },
    { head: 'ORIGIN', soft: true, spare: true, cell: row => row.origin },
  ]
}

/** `proxies test`. */
export function proxyTestColumns(paint: ChalkInstance): Column<ProxyTestShape>[] {
  return [
    { head: 'NAME', cell: row => row.name },
    { head: 'URL', soft: true, cell: row => row.url },
    {
      head: 'RESULT',
      cell: row => (row.ok ? 'works' : row.code),
      paint: (text, row) => (row.ok ? paint.green(text) : paint.red(text)),
    },
    { head: 'MS', cell: row => row.ms, right: true },
    { head: 'CONNECT', spare: true, cell: row => row.connect_ms, right: true },
    { head: 'TUNNEL', spare: true, cell: row => row.tunnel_ms, right: true },
    { head: 'TLS', spare: true, cell: row => row.tls_ms, right: true },
    { head: 'TO', soft: true, cell: row => `${row.provider} ${row.to}` },
    { head: 'WHY NOT', soft: true, cell: row => row.reason || null },
  ]
}
