import type { Outcome } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import { modelListOf, readModelList } from '../wire/model-list.ts'
import type { Json } from '../wire/usage.ts'
import { type ErrandParts, NO_MODEL_LIST, noAnswer, runErrand } from './errand.ts'

/** No vendor has so many: a list that goes on and on is broken. */
const MOST_PAGES = 100

/** A provider's models, or why they could not be had. */
export interface Models {
  /** What the provider says of each, by its id; null where the outcome is a fault. */
  readonly byId: ReadonlyMap<string, Json> | null
  readonly outcome: Outcome
}

/** Asks a provider for all its models with this key, page after page. Never rejects. */
export async function listModels(
  parts: ErrandParts,
  provider: CompiledProvider,
  key: CompiledKey,
): Promise<Models> {
  const { path, query } = modelListOf(provider.kind)
  const byId = new Map<string, Json>()
  let next: string | null = query
  for (let page = 0; page < MOST_PAGES; page++) {
    const errand = { method: 'GET', path, query: next, body: null } as const
    const { answer, outcome } = await runErrand(parts, provider, key, errand)
    if (answer === null || outcome.fault !== 'none') return { byId: null, outcome }
    const read = readModelList(provider.kind, answer.body)
    if (read === null) return { byId: null, outcome: NO_MODEL_LIST }
    read.ids.forEach((id, at) => {
      byId.set(id, read.entries[at])
    })
    if (read.next === null) return { byId, outcome }
    next = read.next
  }
  return { byId: null, outcome: ENDLESS }
}

const ENDLESS = noAnswer('endless_list', "The upstream's list of models does not end.")
