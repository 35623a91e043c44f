import type { IncomingMessage } from 'node:http'
import { isLoopbackPeer } from '../base/network.ts'

const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i
/** What a proxy in front leaves behind: the peer is then not the caller. */
const FORWARDED = /^(forwarded|x-forwarded-.*|x-real-ip|via|cf-.*)$/

/**
 * Whether the caller is on this host: a loopback peer that named a loopback host and came through
 * no proxy. The Host test defeats DNS rebinding.
 */
export function isLocal(request: IncomingMessage): boolean {
  const { headers, socket } = request
  if (!isLoopbackPeer(socket.remoteAddress)) return false
  if (!LOOPBACK_HOST.test(headers.host ?? '')) return false
  return !Object.keys(headers).some(name => FORWARDED.test(name))
}
