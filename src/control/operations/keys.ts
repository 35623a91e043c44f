import * as z from 'zod'
import type { KeyCondition } from '../../model/catalog.ts'
import type { KeyRow, KeyStatus } from '../../model/status.ts'
import { keys, limit, text, tier, weight, whole } from '../fields.ts'
import { change, read, rows } from '../operation.ts'
import type { KeyShape } from '../shapes/key.ts'
import type { TestShape } from '../shapes/test.ts'

export const KEY_CONDITIONS = [
  'active',
  'cooling',
  'exhausted',
  'invalid',
  'sealed',
  'disabled',
] as const satisfies readonly KeyCondition[]

export const KEY_ORDERS = ['label', 'state', 'failures', 'created'] as const
export type KeyOrder = (typeof KEY_ORDERS)[number]

/** A page of keys. */
export interface KeyPage {
  /** How many there are in all that fit. */
  readonly total: number
  /** How many of the provider's, and of those that `q` finds, are in which state. */
  readonly by_state: Readonly<Record<KeyCondition, number>>
  readonly rows: readonly KeyRow[]
}

/** What became of keys that were pasted; where a line is rejected, nothing was added. */
export interface PastedKeys {
  readonly added: readonly KeyStatus[]
  /** How many were there already, in the text or in the store. */
  readonly duplicates: number
  /** Lines count from 1; the reason never repeats what is written there. */
  readonly rejected: readonly { readonly line: number; readonly reason: string }[]
}

const MOST_TEXT = 4_194_304

const SEVERAL = { keys }

export const KEYS = {
  /** `q` begins a label, an id, or what is shown of the value's end; capitals or not. */
  'keys.list': read<KeyPage>()(
    z.strictObject({
      provider: text.exactOptional(),
      state: z.enum(KEY_CONDITIONS).exactOptional(),
      q: z.string().max(256).exactOptional(),
      sort: z.enum(KEY_ORDERS).default('created'),
      order: z.enum(['asc', 'desc']).default('asc'),
      limit: whole(1, 200).default(50),
      offset: whole(0, 10_000_000).default(0),
    }),
  ),
  'keys.show': read<KeyShape>()(z.strictObject({ key: text })),
  /** A line is `VALUE` or `VALUE LABEL`; blank lines and `#` comments are skipped. */
  'keys.add': change<PastedKeys>()(
    {
      provider: text,
      text: z.string().min(1).max(MOST_TEXT),
      weight: weight.exactOptional(),
      tier: tier.exactOptional(),
    },
    MOST_TEXT,
  ),
  'keys.change': change<KeyStatus>()({
    key: text,
    label: text.exactOptional(),
    weight: weight.exactOptional(),
    tier: tier.exactOptional(),
    rpm: limit.exactOptional(),
    concurrency: limit.exactOptional(),
    /** Names of proxies with commas, all, or none; null: as its provider is dialled. */
    proxy: z.nullable(text).exactOptional(),
    secret: z.string().min(1).max(8_192).exactOptional(),
  }),
  'keys.enable': change<{ readonly keys: readonly KeyStatus[] }>()(SEVERAL),
  /** `now` ends the attempts that are using them too. */
  'keys.disable': change<{ readonly keys: readonly KeyStatus[]; readonly aborted: number }>()({
    ...SEVERAL,
    now: z.boolean().exactOptional(),
  }),
  'keys.reset': change<{ readonly keys: readonly KeyStatus[] }>()(SEVERAL),
  'keys.remove': change<{ readonly removed: readonly string[] }>()(SEVERAL),
  'keys.test': rows<TestShape>()(z.strictObject(SEVERAL)),
}
