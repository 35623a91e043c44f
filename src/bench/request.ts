import { requestBody, type Traffic } from './traffic.ts'

/** Whom a request is for, and what shows that it may ask. */
export interface Door {
  readonly port: number
  readonly path: string
  /** The contender's own: a token, or where it is to go. */
  readonly headers: Readonly<Record<string, string>>
}

/** As the official clients send it, minus the headers that no gateway looks at. */
export function requestBytes({ port, path, headers }: Door, traffic: Traffic): Buffer {
  const body = requestBody(traffic)
  return Buffer.from(
    [
      `POST ${path} HTTP/1.1`,
      `host: 127.0.0.1:${port}`,
      'connection: keep-alive',
      'accept: application/json',
      'content-type: application/json',
      'user-agent: OpenAI/JS 6.49.0',
      'x-stainless-lang: js',
      'x-stainless-retry-count: 0',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      'accept-encoding: gzip, deflate',
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
