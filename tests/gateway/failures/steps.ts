import { KEY, type Peer, type Script, type Step } from './upstream.ts'

/** What a scripted upstream can do; `{key}` in a text is the key that the request carries. */

/** A whole answer with a known length, on a connection that is kept. */
export function answers(
  status: number,
  type: string | null,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Script {
  return [
    peer => {
      const bytes = filled(body, peer)
      const head = headOf(status, type, { ...headers, 'content-length': String(bytes.length) })
      peer.sent = bytes.length
      return peer.write(Buffer.concat([Buffer.from(head), bytes]))
    },
  ]
}

/** The head of an answer in chunks, which {@link part} and {@link last} follow. */
export function begins(
  status: number,
  type: string | null,
  headers: Readonly<Record<string, string>> = {},
): Step {
  return peer => {
    peer.sent = 0
    return peer.write(headOf(status, type, { ...headers, 'transfer-encoding': 'chunked' }))
  }
}

export function part(text: string | Buffer): Step {
  return peer => {
    const bytes = filled(text, peer)
    peer.sent += bytes.length
    return peer.write(framed(bytes))
  }
}

/** The same in pieces of so many bytes, each for itself. */
export function pieces(text: string | Buffer, size: number): Step {
  return async peer => {
    const bytes = filled(text, peer)
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size)
      peer.sent += piece.length
      await peer.write(framed(piece))
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

/** The same again and again, as fast as it is taken, until the connection is closed. */
export function floods(text: string): Step {
  const bytes = framed(Buffer.from(text))
  return async ({ socket, closed }) => {
    while (!socket.destroyed) {
      if (socket.write(bytes)) continue
      await Promise.race([new Promise(resolve => socket.once('drain', resolve)), closed])
    }
  }
}

/** The chunked coding's own end. */
export const last: Step = peer => peer.write('0\r\n\r\n')

/** Bytes as they are, HTTP or not. */
export function sends(bytes: string | Buffer): Step {
  return peer => peer.write(bytes)
}

export const finishes: Step = peer => void peer.socket.end()
export const resets: Step = peer => void peer.socket.resetAndDestroy()
export const stalls: Step = peer => peer.stall()

function headOf(
  status: number,
  type: string | null,
  headers: Readonly<Record<string, string>>,
): string {
  const fields = Object.entries(type === null ? headers : { 'content-type': type, ...headers })
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`
}

function framed(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}

function filled(text: string | Buffer, { key }: Peer): Buffer {
  return typeof text === 'string' ? Buffer.from(text.replaceAll(KEY, key)) : text
}
