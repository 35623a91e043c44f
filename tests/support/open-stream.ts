import { type IncomingHttpHeaders, request } from 'node:http'

const CHAT_BODY = { model: 'mock-large', messages: [{ role: 'user', content: 'Hi' }] }
export const CHAT = { path: '/v1/chat/completions', body: JSON.stringify(CHAT_BODY) }
export const STREAMED = {
  ...CHAT,
  body: JSON.stringify({ ...CHAT_BODY, stream: true, stream_options: { include_usage: true } }),
}

export interface OpenStream {
  readonly headers: IncomingHttpHeaders
  /** What has come so far. */
  readonly text: () => string
  /** Resolves when it is over: properly, or cut off. */
  readonly over: Promise<{ readonly text: string; readonly cut: boolean; readonly at: number }>
  leave(): void
}

/** Sends a chat and resolves when the first bytes of its answer have come. */
export function openStream(
  port: number,
  token: string,
  headers: Record<string, string>,
  body: string,
): Promise<OpenStream> {
  return new Promise((resolve, reject) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path: STREAMED.path,
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...headers,
      },
    })
    sent.on('error', reject)
    sent.on('response', response => {
      let text = ''
      const over: OpenStream['over'] = new Promise(done => {
        const end = (cut: boolean) => done({ text, cut, at: performance.now() })
        response.on('end', () => end(false))
        response.on('error', () => end(true))
      })
      const stream = {
        headers: response.headers,
        text: () => text,
        over,
        leave: () => sent.destroy(),
      }
      response.on('data', chunk => {
        text += chunk
        resolve(stream)
      })
    })
    sent.end(body)
  })
}
