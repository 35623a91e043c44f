import type { DialectName } from '../model/dialect.ts'
import { brokenAnswer, type Outcome } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { WholeAnswer } from '../upstream/whole-answer.ts'
import { modelListOf, readModelList } from '../wire/model-list.ts'
import { parseJson } from '../wire/usage.ts'
import { type Errand, type ErrandParts, NO_MODEL_LIST, runErrand } from './errand.ts'

const AT_ONCE = 4

/** What a provider answered when it was asked whether a key works. */
export interface Probe {
  readonly outcome: Outcome
  readonly ms: number
  /** Null where no answer came. */
  readonly status: number | null
  /** It cost a token of `test_model`. */
  readonly paid: boolean
}

/**
 * Asks whether a key works: by a chat of one token where the provider has a `test_model`, else by
 * the free list of models. Never rejects.
 */
export async function probe(
  parts: ErrandParts,
  provider: CompiledProvider,
  key: CompiledKey,
): Promise<Probe> {
  const { dialect, settings } = provider
  const paid = settings.test_model !== ''
  const errand = paid ? chatOf(dialect, settings.test_model) : listOf(dialect)
  const { answer, outcome, ms } = await runErrand(parts, provider, key, errand)
  return {
    outcome: answer === null ? outcome : judge(dialect, paid, answer, outcome),
    ms,
    status: answer?.status ?? null,
    paid,
  }
}

/** Stricter than a client's request is judged: what is taken for an answer speaks for the key. */
function judge(
  dialect: DialectName,
  paid: boolean,
  { status, body }: WholeAnswer,
  outcome: Outcome,
): Outcome {
  const { fault, detail } = outcome
  if (fault === 'none' && paid) return isObject(body) ? outcome : NO_CHAT
  if (fault === 'none') return readModelList(dialect, body) === null ? NO_MODEL_LIST : outcome
  const noSuchPlace = !paid && (status === 404 || status === 405)
  if (fault !== 'client' || noSuchPlace || parseJson(body) !== undefined) return outcome
  // A firewall's or a proxy's: who wrote it knows no keys.
  return brokenAnswer(detail, "The upstream's answer is not one of its API.")
}

const NO_CHAT = brokenAnswer('no_answer', "The upstream's answer is none of a model's.")

function isObject(body: Buffer): boolean {
  const document = parseJson(body)
  return typeof document === 'object' && document !== null
}

/** Whom to ask, and with what. */
export interface Subject {
  readonly provider: CompiledProvider
  readonly key: CompiledKey
}

/**
 * Probes many, four at once, until the signal of `parts` fires.
 * @param take is given each as it comes, and is waited for; what was given up it is not given
 */
export async function probeAll<S extends Subject>(
  parts: ErrandParts,
  subjects: readonly S[],
  take: (subject: S, found: Probe) => void | Promise<void>,
): Promise<void> {
  const waiting = subjects.values()
  const work = async () => {
    for (const subject of waiting) {
      if (parts.signal?.aborted) return
      const found = await probe(parts, subject.provider, subject.key)
      if (parts.signal?.aborted) return
      await take(subject, found)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

function listOf(dialect: DialectName): Errand {
  return { method: 'GET', path: modelListOf(dialect).path, query: '', model: null, body: null }
}

/** The smallest request that a model answers. */
function chatOf(dialect: DialectName, model: string): Errand {
  const post = (path: string, body: unknown): Errand => ({
    method: 'POST',
    path,
    query: '',
    model,
    body: JSON.stringify(body),
  })
  const messages = [{ role: 'user', content: 'hi' }]
  switch (dialect) {
    case 'openai':
      return post('/v1/chat/completions', { model, messages, max_tokens: 1 })
    case 'anthropic':
      return post('/v1/messages', { model, messages, max_tokens: 1 })
    case 'gemini':
      return post(`/v1beta/${resourceOf(model)}:generateContent`, {
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        generationConfig: { maxOutputTokens: 1 },
      })
  }
}

/** `gemini-2.0-flash` is a model of Google's; `tunedModels/…` names itself whole. */
function resourceOf(model: string): string {
  const name = model.includes('/') ? model : `models/${model}`
  return name.split('/').map(encodeURIComponent).join('/')
}
