import type { Outcome } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import { modelListOf, readModelList } from '../wire/model-list.ts'
import { type ErrandParts, NO_MODEL_LIST, noAnswer, runErrand } from './errand.ts'

/** No vendor has so many: a list that goes on and on is broken. */
const MOST_PAGES = 100

/** A provider's models, or why they could not be had. */
export interface Listed {
  /** Null where the outcome is a fault. */
  readonly ids: readonly string[] | null
  readonly outcome: Outcome
}

/** Asks a provider for all its models with this key, page after page. Never rejects. */
export async function listModels(
  parts: ErrandParts,
  provider: CompiledProvider,
  key: CompiledKey,
): Promise<Listed> {
  const { path, query } = modelListOf(provider.kind)
  const ids = new Set<string>()
  let next: string | null = query
  for (let page = 0; page < MOST_PAGES; page++) {
    const errand = { method: 'GET', path, query: next, body: null } as const
    const { answer, outcome } = await runErrand(parts, provider, key, errand)
    if (answer === null || outcome.fault !== 'none') return { ids: null, outcome }
    const read = readModelList(provider.kind, answer.body)
    if (read === null) return { ids: null, outcome: NO_MODEL_LIST }
    for (const id of read.ids) ids.add(id)
    if (read.next === null) return { ids: [...ids], outcome }
    next = read.next
  }
  return { ids: null, outcome: ENDLESS }
}

const ENDLESS = noAnswer('endless_list', "The upstream's list of models does not end.")
