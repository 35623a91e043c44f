import { type Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { BalanceError } from '../../src/base/errors.ts'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { LocalGateway } from '../../src/daemon/local-gateway.ts'
import type { Dashboard } from '../../src/gateway/dashboard.ts'
import type { Catalog, KeyMemory } from '../../src/model/catalog.ts'
import type { Expose } from '../../src/model/exposition.ts'
import type { ObjectLink } from '../../src/model/link.ts'
import type { ExchangeRecord } from '../../src/model/record.ts'
import { catalog, token } from './catalog.ts'
import { NO_OBJECTS } from './object-link.ts'

export const TOKEN = 'bal_test-token-0123456789abcdef'

/** A gateway on a free port, with what it reports; no store, no daemon. */
export interface TestGateway {
  readonly url: string
  readonly port: number
  readonly gateway: LocalGateway
  readonly records: ExchangeRecord[]
  readonly verdicts: KeyMemory[]
  readonly lines: string[]
  /** The next exchange to be written down. */
  nextRecord(): Promise<ExchangeRecord>
  apply(parts: Parameters<typeof catalog>[0]): void
  close(): Promise<void>
}

export async function startGateway(
  parts: Parameters<typeof catalog>[0],
  options: {
    readonly clock?: Clock
    readonly anonymous?: boolean
    readonly expose?: Expose
    readonly dashboard?: Dashboard
    readonly objectLink?: ObjectLink
    /** That it may have open. */
    readonly descriptors?: number
  } = {},
): Promise<TestGateway> {
  const records: ExchangeRecord[] = []
  const verdicts: KeyMemory[] = []
  const lines: string[] = []
  const waiting: ((record: ExchangeRecord) => void)[] = []
  const redactor = new Redactor()
  const clock = options.clock ?? systemClock
  const gateway = new LocalGateway({
    clock,
    log: createLogger('debug', redactor, { write: line => lines.push(line) }),
    redactor,
    anonymous: options.anonymous ?? false,
    tls: null,
    ...(options.descriptors === undefined ? {} : { descriptors: options.descriptors }),
    dashboard: options.dashboard ?? null,
    expose:
      options.expose ??
      (() => Promise.reject(new BalanceError('local_fault', 'It has no metrics.'))),
    objectLink: options.objectLink ?? NO_OBJECTS,
    link: {
      records: batch => {
        for (const record of batch) {
          records.push(record)
          waiting.shift()?.(record)
        }
      },
      verdicts: batch => void verdicts.push(...batch),
      outages: () => {},
    },
  })
  const full = (given: Parameters<typeof catalog>[0]): Catalog =>
    catalog({
      tokens: [token('test', TOKEN)],
      ...given,
      settings: { default_provider: 'mock', ...given?.settings },
    })
  gateway.put(full(parts))
  const [address] = await gateway.listen([{ host: '127.0.0.1', port: 0 }])
  const port = address?.port ?? 0
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    gateway,
    records,
    verdicts,
    lines,
    nextRecord: () => {
      const next = new Promise<ExchangeRecord>(resolve => waiting.push(resolve))
      return next
    },
    apply: given => gateway.put(full(given)),
    close: () => gateway.close(0),
  }
}

/** Ids of the keys that anything is held against. */
export function heldAgainst({ gateway }: TestGateway): string[] {
  return gateway
    .memories()
    .filter(({ failures, invalid, exhausted, cooling }) => {
      return failures > 0 || invalid || exhausted || Object.keys(cooling).length > 0
    })
    .map(({ keyId }) => keyId)
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly text: string
  /** The connection ended before the answer was complete. */
  readonly cut: boolean
}

export interface Ask {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
  readonly token?: string | null
  /** Whose connections are used; one of its own unless given. */
  readonly agent?: Agent
  /** Makes the client leave. */
  readonly signal?: AbortSignal
}

/** One plain HTTP request; an answer that is cut short is an answer all the same. */
export function ask(
  port: number,
  { method, path, headers = {}, body, token: bearer = TOKEN, agent, signal }: Ask,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      port,
      host: '127.0.0.1',
      path,
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      agent: agent ?? false,
      ...(signal === undefined ? {} : { signal }),
      headers: {
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(body === undefined || 'transfer-encoding' in headers
          ? {}
          : { 'content-length': Buffer.byteLength(body) }),
        ...headers,
      },
    })
    sent.on('error', reject)
    sent.on('response', response => {
      const chunks: Buffer[] = []
      const done = (cut: boolean) => {
        const all = Buffer.concat(chunks)
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          body: all,
          text: all.toString(),
          cut,
        })
      }
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => done(false))
      response.on('error', () => done(true))
    })
    sent.end(body)
  })
}

/** A chat request as most tests send it. */
export function chat(change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    model: 'mock-large',
    messages: [{ role: 'user', content: 'Hi' }],
    ...change,
  })
}
