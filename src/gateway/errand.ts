import type { Clock } from '../base/clock.ts'
import type { Redactor } from '../base/redactor.ts'
import { VERSION } from '../base/version.ts'
import { brokenAnswer, type Outcome } from '../model/outcome.ts'
import type { CompiledKey, CompiledProvider } from '../snapshot/snapshot.ts'
import type { Agents } from '../upstream/agents.ts'
import { transportOutcome } from '../upstream/fault.ts'
import { upwardHeaders } from '../upstream/headers.ts'
import { ProxyFault } from '../upstream/proxy-fault.ts'
import { AnswerTooLarge, readWhole, type WholeAnswer } from '../upstream/whole-answer.ts'
import { dialectNamed } from '../wire/dialects.ts'

/** Nobody waits longer for so little, whatever the provider's `timeout` allows its clients. */
const LONGEST_MS = 30_000

export interface ErrandParts {
  readonly agents: Agents
  readonly clock: Clock
  /** Knows the keys' secrets: what an upstream says of a key is masked. */
  readonly redactor: Redactor
  /** Gives up what is under way. */
  readonly signal?: AbortSignal
}

/** A small request of the gateway's own. */
export interface Errand {
  readonly method: 'GET' | 'POST'
  /** As clients know it, `/v1/…`. */
  readonly path: string
  /** With its `?`, or empty. */
  readonly query: string
  /** The one that it is for; null where it is for none. */
  readonly model: string | null
  /** JSON; null for none. */
  readonly body: string | null
}

export interface ErrandResult {
  /** Null where none came whole. */
  readonly answer: WholeAnswer | null
  /** As of a client's request; its words hold no secret. */
  readonly outcome: Outcome
  readonly ms: number
}

/** Sends an errand with this key as clients' requests are sent: its own headers, its credential. */
export async function runErrand(
  parts: ErrandParts,
  provider: CompiledProvider,
  key: CompiledKey,
  errand: Errand,
): Promise<ErrandResult> {
  const { clock, redactor } = parts
  const began = clock.now()
  const answer = await ask(parts, provider, key, errand)
  const { detail, message, ...outcome } = judge(provider, answer, clock.wall())
  return {
    answer: answer instanceof Error ? null : answer,
    outcome: { ...outcome, detail: redactor.redact(detail), message: redactor.redact(message) },
    ms: Math.round(clock.now() - began),
  }
}

/** Through one proxy after the other where they make no connection. */
async function ask(
  { agents, clock, signal }: ErrandParts,
  provider: CompiledProvider,
  key: CompiledKey,
  errand: Errand,
): Promise<WholeAnswer | Error> {
  const by = clock.now() + Math.min(provider.settings.timeout, LONGEST_MS)
  const avoided = new Set<string>()
  let answer: WholeAnswer | Error = NO_PROXY
  for (;;) {
    const exit = key.way.exit(avoided)
    if (exit === null) return answer
    answer = await readWhole(
      agents,
      {
        dial: exit.dial,
        method: errand.method,
        path: provider.address.of(errand.path, errand.query, errand.model),
        headers: upwardHeaders(headOf(errand), provider.upward, key.credential, true),
        body: errand.body === null ? null : Buffer.from(errand.body),
        fresh: false,
      },
      { clock, ms: Math.max(1, by - clock.now()), ...(signal === undefined ? {} : { signal }) },
    )
    if (!(answer instanceof ProxyFault)) return answer
    avoided.add(exit.id)
  }
}

const NO_PROXY = new ProxyFault('gone', 'no_proxy', 'No proxy of the provider is usable now.')

/** What a client would send of itself. */
function headOf({ body }: Errand): string[] {
  const head = ['accept', 'application/json', 'user-agent', `balance/${VERSION}`]
  if (body !== null) head.push('content-type', 'application/json')
  return head
}

function judge({ dialect }: CompiledProvider, answer: WholeAnswer | Error, wall: number): Outcome {
  if (answer instanceof AnswerTooLarge) return brokenAnswer(answer.code, answer.message)
  if (answer instanceof Error) return transportOutcome(answer)
  return dialectNamed(dialect).classify(answer.status, answer.headers, answer.body, wall)
}

export const NO_MODEL_LIST = brokenAnswer(
  'no_model_list',
  "The upstream's answer is no list of models.",
)
