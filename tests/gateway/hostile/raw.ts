import { connect } from 'node:net'

/** One answer on a connection. */
export interface Reply {
  readonly status: number
  readonly head: string
  readonly body: string
}

export interface Talk {
  readonly replies: Reply[]
  /** The server closed the connection. */
  readonly closed: boolean
  /** Bytes that are no whole answer. */
  readonly rest: string
}

const SENTINEL = 'GET /livez HTTP/1.1\r\nhost: sentinel\r\n\r\n'

/**
 * Writes these bytes, and once so many answers have come a request of its own behind them: where that
 * is answered, and as it must be, nothing was left over and the connection is open.
 * @param expected answers, interim ones not counted
 * @param patience ms until it is taken for hanging
 */
export function talk(
  port: number,
  bytes: string,
  expected: number,
  { head = false, patience = 5_000 } = {},
): Promise<Talk> {
  return new Promise((resolve, reject) => {
    let got = ''
    let asked = false
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setNoDelay(true)
    const late = setTimeout(() => {
      socket.destroy()
      reject(new Error(`It hangs after ${JSON.stringify(got.slice(0, 400))}`))
    }, patience)
    const end = (closed: boolean, replies: Reply[], rest: string) => {
      clearTimeout(late)
      socket.destroy()
      resolve({ replies, closed, rest })
    }
    socket.on('data', chunk => {
      got += chunk.toString('latin1')
      const { replies, rest } = repliesOf(got, head)
      if (asked && replies.length > expected) end(false, replies.slice(0, -1), rest)
      else if (!asked && replies.length >= expected) {
        asked = true
        socket.write(SENTINEL)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      const { replies, rest } = repliesOf(got, head)
      end(true, replies, rest)
    })
  })
}

/** @param head the first answer is one to HEAD */
export function repliesOf(bytes: string, head: boolean): { replies: Reply[]; rest: string } {
  const replies: Reply[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end === -1) return { replies, rest }
    const top = rest.slice(0, end + 2)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(top)?.[1] ?? Number.NaN)
    if (Number.isNaN(status)) return { replies, rest }
    const after = rest.slice(end + 4)
    const bodiless = status < 200 || status === 204 || (head && replies.length === 0)
    const body = bodiless ? { content: '', length: 0 } : bodyOf(top, after)
    if (body === null) return { replies, rest }
    rest = after.slice(body.length)
    if (status >= 200) replies.push({ status, head: top, body: body.content })
  }
}

function bodyOf(head: string, after: string): { content: string; length: number } | null {
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return dechunked(after)
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0)
  return after.length < length ? null : { content: after.slice(0, length), length }
}

function dechunked(text: string): { content: string; length: number } | null {
  let content = ''
  let at = 0
  for (;;) {
    const end = text.indexOf('\r\n', at)
    if (end === -1) return null
    const size = Number.parseInt(text.slice(at, end), 16)
    if (text.length < end + 2 + size + 2) return null
    content += text.slice(end + 2, end + 2 + size)
    at = end + 2 + size + 2
    if (size === 0) return { content, length: at }
  }
}
