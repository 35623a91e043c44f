import { Redactor } from '../../base/redactor.ts'
import type { Key } from '../catalog.ts'
import type { ExchangeRecord, LooseFailure } from '../record.ts'
import type { LocalTime } from './local-time.ts'

/** A row of `t_request_log`: one attempt there. */
export interface OriginalRequest {
  readonly id: number
  /** `2025-12-24 18:00:00.123456`, in the zone of the process that wrote it. */
  readonly time: string | null
  readonly model: string | null
  readonly key: string | null
  readonly success: boolean
  /** Null where it holds none: SQLite lets the original write a text there. */
  readonly status: number | null
  readonly ms: number | null
}

/** A row of `t_error_logs`. */
export interface OriginalFailure {
  readonly id: number
  readonly time: string | null
  readonly model: string | null
  readonly key: string | null
  /** `deepseek-chat-stream`. */
  readonly type: string | null
  readonly status: number | null
  readonly text: string | null
}

/** Columns of the original are that wide; keys beyond it were cut, where its engine did not refuse them. */
const WIDTH = 100

interface Owner {
  readonly provider: string
  readonly keyId: string
}

/** Turns rows of the original's logs into ours. */
export class OriginalLog {
  readonly #source: string
  readonly #time: LocalTime
  readonly #names: ReadonlyMap<string, string>
  /** By the key's value, as far as the original kept it. */
  readonly #owners = new Map<string, Owner[]>()
  /** Some vendors repeat the key that they refuse. */
  readonly #redactor = new Redactor()

  /**
   * @param source names the installation: the same for every run
   * @param names what its providers are called here
   * @param keys the keys that are here
   */
  constructor(
    source: string,
    time: LocalTime,
    names: ReadonlyMap<string, string>,
    keys: readonly Key[],
  ) {
    this.#source = source
    this.#time = time
    this.#names = names
    for (const { id, provider, secret } of keys) {
      if (secret === null) continue
      this.#redactor.add(secret.reveal())
      const value = secret.reveal().slice(0, WIDTH)
      this.#owners.set(value, [...(this.#owners.get(value) ?? []), { provider, keyId: id }])
    }
  }

  /** Null where its time cannot be told. */
  exchange(row: OriginalRequest): ExchangeRecord | null {
    const time = this.#time.read(row.time)
    if (time === null) return null
    const owner = this.#owner(row.key, null)
    return {
      time,
      requestId: `${this.#source}:${row.id}`,
      token: null,
      provider: owner?.provider ?? null,
      keyId: owner?.keyId ?? null,
      model: row.model,
      modelServed: row.model,
      // All that it writes down.
      method: 'POST',
      path: '/v1/chat/completions',
      // What its clients were told of an attempt that got no answer.
      status: row.status ?? (row.success ? 200 : 500),
      outcome: row.success ? 'ok' : faultOf(row.status),
      attempts: 1,
      stream: false,
      bytesIn: 0,
      bytesOut: 0,
      firstByteMs: null,
      firstTokenMs: null,
      ms: row.ms ?? 0,
      promptTokens: null,
      cachedTokens: null,
      completionTokens: null,
      reasoningTokens: null,
      errorCode: null,
      failures: [],
    }
  }

  failure(row: OriginalFailure): LooseFailure | null {
    const time = this.#time.read(row.time)
    if (time === null) return null
    const named = this.#named(row.type)
    const owner = this.#owner(row.key, named)
    return {
      time,
      requestId: `${this.#source}:e${row.id}`,
      attempt: 1,
      provider: owner?.provider ?? named ?? '',
      keyId: owner?.keyId ?? '',
      model: row.model,
      status: row.status,
      fault: faultOf(row.status),
      code: row.type ?? '',
      excerpt: this.#masked(row.text ?? '', row.key),
      ms: 0,
    }
  }

  #owner(key: string | null, provider: string | null): Owner | null {
    const owners = this.#owners.get((key ?? '').slice(0, WIDTH)) ?? []
    return owners.find(owner => owner.provider === provider) ?? owners[0] ?? null
  }

  /** `deepseek-chat-stream` → deepseek. The original writes `openai` for its default provider too. */
  #named(type: string | null): string | null {
    const [, name = ''] = /^(.*)-chat-(?:non-)?stream$/s.exec(type ?? '') ?? []
    const known = this.#names.get(name)
    if (known !== undefined) return known
    return name === 'openai' ? (this.#names.get('default') ?? null) : null
  }

  #masked(text: string, key: string | null): string {
    if (key !== null) this.#redactor.add(key)
    return this.#redactor.redact(text)
  }
}

function faultOf(status: number | null): string {
  if (status === 401 || status === 403) return 'auth'
  if (status === 402) return 'quota'
  if (status === 429) return 'rate'
  return status !== null && status >= 400 && status < 500 ? 'client' : 'provider'
}
