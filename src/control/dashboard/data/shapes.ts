import type { KeyCondition, Origin } from '../../../model/catalog.ts'
import type { ProviderStatus } from '../../../model/status.ts'

/** One exchange; `id`, `key_label` and `node` are null for what is not stored yet. */
export interface ExchangeShape {
  readonly id: number | null
  readonly time: string
  readonly request_id: string
  readonly token: string | null
  readonly provider: string | null
  readonly key: string | null
  readonly key_label: string | null
  readonly model: string | null
  readonly model_served: string | null
  readonly method: string
  readonly path: string
  readonly status: number
  readonly outcome: string
  readonly attempts: number
  readonly ms: number
  readonly ttft_ms: number | null
  readonly first_byte_ms: number | null
  readonly prompt_tokens: number | null
  readonly cached_tokens: number | null
  readonly completion_tokens: number | null
  readonly reasoning_tokens: number | null
  readonly bytes_in: number
  readonly bytes_out: number
  readonly stream: boolean
  readonly error_code: string | null
  readonly node: string | null
}

/** One failed attempt. */
export interface FailureShape {
  readonly id: number
  readonly time: string
  readonly request_id: string
  readonly attempt: number
  readonly provider: string
  readonly key: string
  readonly model: string | null
  readonly status: number | null
  readonly fault: string
  readonly code: string
  readonly ms: number
  readonly excerpt: string
}

/** One attempt; what was not kept is null. */
export interface TryShape {
  readonly attempt: number
  readonly provider: string | null
  readonly key: string | null
  readonly status: number | null
  /** `ok` or the fault. */
  readonly outcome: string | null
  readonly code: string | null
  readonly ms: number | null
}

/** One request, its failed attempts, and all attempts in order. */
export interface RequestShape {
  readonly exchange: ExchangeShape
  readonly failures: readonly FailureShape[]
  readonly tries: readonly TryShape[]
}

export interface ProviderShape extends ProviderStatus {
  readonly created: string
  readonly settings: readonly {
    readonly name: string
    readonly value: string
    readonly from: 'provider' | 'config'
  }[]
}

export interface SettingShape {
  readonly name: string
  readonly kind: 'setting' | 'start'
  readonly value: string
  readonly origin: string
  readonly file_value: string | null
  readonly doc: string
}

export interface TargetShape {
  readonly model: string
  readonly provider: string
  readonly target_model: string | null
  readonly weight: number
  readonly tier: number
  readonly id: string
  readonly origin: Origin
  readonly created: string
}

export interface TestShape {
  readonly key: string
  readonly provider: string
  readonly label: string
  readonly ok: boolean
  readonly result: string
  readonly code: string | null
  readonly failed_at: string | null
  readonly status: number | null
  readonly message: string
  readonly model: string | null
  readonly ms: number | null
  readonly before: KeyCondition
  readonly after: KeyCondition
}

export interface TokenShape {
  readonly id: string
  readonly name: string
  readonly masked: string
  readonly state: 'active' | 'expired'
  readonly providers: readonly string[] | null
  readonly models: readonly string[] | null
  readonly rpm: number | null
  readonly concurrency: number | null
  readonly expires: string | null
  readonly weak: boolean
  readonly origin: Origin
  readonly created: string
}
