import { isAccepted } from '../../balancer/verdict.ts'
import type { Probe } from '../../gateway/probe.ts'
import type { Key, KeyCondition } from '../../model/catalog.ts'

/** A key, what its provider answered, and what that changed. */
export interface Tested {
  readonly key: Key
  /** Null where there is no secret to show: the key could not be opened or resolved. */
  readonly probe: Probe | null
  /** That was asked for a token; empty where the list of models was asked for. */
  readonly model: string
  readonly before: KeyCondition
  readonly after: KeyCondition
}

/**
 * - `works`: the model, or the list of models, came
 * - `accepted`: the key is known, and something else was objected to
 * - `reached`: the provider answers, but has no list of models to tell by
 * - `refused`, `out_of_quota`, `rate_limited`, `model_refused`: what the key was told
 * - `no_such_model`: there is no `test_model`
 * - `unreachable`, `untrusted`, `no_answer`: no answer came, and why
 * - `provider_failed`: the answer is an error of the provider's, or none
 * - `host_failed`: this host could not ask
 * - `not_opened`: there is no secret to ask with
 */
export type Result =
  | 'works'
  | 'accepted'
  | 'reached'
  | 'refused'
  | 'out_of_quota'
  | 'rate_limited'
  | 'model_refused'
  | 'no_such_model'
  | 'unreachable'
  | 'untrusted'
  | 'no_answer'
  | 'provider_failed'
  | 'host_failed'
  | 'not_opened'

/** How far a test came that did not work. */
export type Stage = 'secret' | 'host' | 'dns' | 'connect' | 'tls' | 'answer' | 'key'

const FINE: ReadonlySet<Result> = new Set(['works', 'accepted', 'reached'])

/**
 * One key as `keys test` and `providers test` print it with `--json`. `code` is the upstream's own
 * word or the transport's, `model` null for the free call, `before` and `after` the key's state.
 */
export function testShape({ key, probe, model, before, after }: Tested) {
  const result = resultOf(probe)
  const ok = FINE.has(result)
  return {
    key: key.id,
    provider: key.provider,
    label: key.label,
    ok,
    result,
    code: probe?.outcome.detail || null,
    failed_at: ok ? null : stageOf(result, probe),
    status: probe?.status ?? null,
    message: probe === null ? (key.fault?.reason ?? '') : probe.outcome.message,
    model: model || null,
    ms: probe?.ms ?? null,
    before,
    after,
  }
}

export type TestShape = ReturnType<typeof testShape>

function resultOf(probe: Probe | null): Result {
  if (probe === null) return 'not_opened'
  switch (probe.outcome.fault) {
    case 'none':
      return 'works'
    case 'auth':
      return 'refused'
    case 'quota':
      return 'out_of_quota'
    case 'rate':
      return 'rate_limited'
    case 'model':
      return 'model_refused'
    case 'client':
      if (isAccepted(probe)) return 'accepted'
      return probe.paid ? 'no_such_model' : 'reached'
    case 'provider':
      return unanswered(probe)
    default:
      return 'host_failed'
  }
}

function unanswered({ status, outcome }: Probe): Result {
  if (status !== null) return 'provider_failed'
  if (outcome.code === 'upstream_tls') return 'untrusted'
  return outcome.code === 'upstream_unreachable' ? 'unreachable' : 'no_answer'
}

function stageOf(result: Result, probe: Probe | null): Stage {
  if (probe === null) return 'secret'
  const { outcome, status } = probe
  if (status !== null) return outcome.fault === 'provider' ? 'answer' : 'key'
  if (outcome.detail === 'ENOTFOUND' || outcome.detail === 'EAI_AGAIN') return 'dns'
  if (result === 'untrusted') return 'tls'
  if (result === 'host_failed') return 'host'
  return outcome.reach === 'not-sent' ? 'connect' : 'answer'
}
