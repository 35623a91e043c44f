import { TOKEN } from '../../support/gateway.ts'

/** What is sent over one connection, and what has to come of it. */
export interface Case {
  readonly name: string
  /** latin1. */
  readonly bytes: string
  /** Of the answers, in order; interim ones aside. */
  readonly statuses: readonly number[]
  /** The gateway closes the connection; otherwise it serves the next request. */
  readonly closed: boolean
  /** What reaches the upstream, as `METHOD target`. */
  readonly up: readonly string[]
  /** The first request is one for HEAD. */
  readonly head?: boolean
}

export const AUTH: string = `authorization: Bearer ${TOKEN}`
export const CHAT_PATH = '/v1/chat/completions'
export const CHAT_BODY = '{"model":"mock-large","messages":[]}'
export const CHAT_UP: string = `POST ${CHAT_PATH}`
/** What a smuggler would have served: it must never be. */
export const HIDDEN: string = `GET /v1/hidden HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n\r\n`

/** @param lines of the head, without the empty one at its end */
export function request(lines: readonly string[], body = ''): string {
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

export function get(target: string, ...headers: readonly string[]): string {
  return request([`GET ${target} HTTP/1.1`, 'host: x', AUTH, ...headers])
}

/** A chat with these headers, which say how long it is; and a hidden request behind it. */
export function post(headers: readonly string[], body = CHAT_BODY, version = 'HTTP/1.1'): string {
  const lines = [`POST ${CHAT_PATH} ${version}`, 'host: x', AUTH, 'content-type: application/json']
  return request([...lines, ...headers], body)
}

export function chunk(text: string, extension = ''): string {
  return `${text.length.toString(16)}${extension}\r\n${text}\r\n`
}

/** It is answered with this, and nothing behind it is looked at. */
export function refused(name: string, bytes: string, status = 400): Case {
  return { name, bytes, statuses: [status], closed: true, up: [] }
}

/** It is answered with this, on a connection that goes on. */
export function denied(name: string, bytes: string, status = 400): Case {
  return { name, bytes, statuses: [status], closed: false, up: [] }
}

export function served(name: string, bytes: string, ...up: readonly string[]): Case {
  return { name, bytes, statuses: up.map(() => 200), closed: false, up }
}

/** Each of these texts, made visible. */
export function each<T>(items: readonly T[], make: (item: T, shown: string) => Case): Case[] {
  return items.map(item => make(item, JSON.stringify(item)))
}
