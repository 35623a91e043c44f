import { brokenAnswer, type Outcome, WORKED } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import { modelListOf, readModelList } from '../wire/model-list.ts'
import type { Json } from '../wire/usage.ts'
import { type ErrandParts, type ErrandResult, NO_MODEL_LIST, runErrand } from './errand.ts'

/** No vendor has so many: a list that goes on and on is broken. */
const MOST_PAGES = 100

/** A provider's models, or why they could not be had. */
export interface Models {
  /** What the provider says of each, by its id; null where the outcome is a fault. */
  readonly byId: ReadonlyMap<string, Json> | null
  readonly outcome: Outcome
  /** The last answer's; null where none came. */
  readonly status: number | null
  readonly body: Buffer | null
}

/** Asks a provider for all its models with this key, page after page. Never rejects. */
export async function listModels(
  parts: ErrandParts,
  provider: CompiledProvider,
  key: CompiledKey,
): Promise<Models> {
  const { path, query } = modelListOf(provider.dialect)
  const byId = new Map<string, Json>()
  let next: string | null = query
  let last: ErrandResult | null = null
  for (let page = 0; page < MOST_PAGES && next !== null; page++) {
    const errand = { method: 'GET', path, query: next, model: null, body: null } as const
    last = await runErrand(parts, provider, key, errand)
    if (last.answer === null || last.outcome.fault !== 'none') return none(last, last.outcome)
    const read = readModelList(provider.dialect, last.answer.body)
    if (read === null) return none(last, NO_MODEL_LIST)
    read.ids.forEach((id, at) => {
      byId.set(id, read.entries[at])
    })
    next = read.next
  }
  return next === null ? { ...none(last, WORKED), byId } : none(last, ENDLESS)
}

function none(last: ErrandResult | null, outcome: Outcome): Models {
  const { status = null, body = null } = last?.answer ?? {}
  return { byId: null, outcome, status, body }
}

const ENDLESS = brokenAnswer('endless_list', "The upstream's list of models does not end.")
