import * as z from 'zod'

/** What the inputs of several operations are made of. Names and values are judged by the store. */

/** A name, an id or a value of one line; what it may hold is the store's to say. */
export const text = z.string().min(1).max(4_096)

/** A whole number; digits too, for a query has texts only. */
export function whole(least: number, most: number) {
  return z
    .union([
      z.int(),
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
    ])
    .pipe(z.int().min(least).max(most))
}

/** How many rows of a page; the id that the page ends before. */
export const page = {
  limit: whole(1, 200).default(50),
  before: whole(1, 2 ** 52).exactOptional(),
}

/** So long ago (`90s`, `2h`), an ISO 8601 time, or milliseconds since the epoch. */
export const moment = z.string().min(1).max(64)

/** Most keys that one call is about. */
export const keys = z.array(text).min(1).max(1_000)

/** A limit; null: none. */
export const limit = z.nullable(z.int().min(1).max(1_000_000))

export const weight = z.int().min(1).max(1_000)
export const tier = z.int().min(1).max(100)

/** What the log can be asked for; all given ones must hold. A key by its id or label. */
export const logFilter = {
  provider: text.exactOptional(),
  key: text.exactOptional(),
  token: text.exactOptional(),
  model: text.exactOptional(),
  status: text.exactOptional(),
  path: text.exactOptional(),
  requestId: text.exactOptional(),
  since: moment.exactOptional(),
  until: moment.exactOptional(),
}
