import { survey } from '../balancer/survey.ts'
import type { Clock } from '../base/clock.ts'
import { asBalanceError, BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'
import type { Candidate, Choice, Explanation } from '../model/explanation.ts'
import type { CompiledRoute, CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledToken, Snapshot } from '../snapshot/snapshot.ts'
import { atLimit } from './authenticate.ts'
import { chooseTarget } from './choose-target.ts'
import { noKey } from './give-up.ts'
import { place } from './locate.ts'
import { allowedTargets, findRoute, type Question, type Removal, removalOf } from './route.ts'

export interface Asked {
  readonly model: string | null
  /** Id or name of a client token; null: a caller without limits. */
  readonly token: string | null
  /** The path that is called, with POST. */
  readonly path: string
}

/**
 * Where such a request would go now. It asks the very functions that decide it for a real one, and
 * leaves every turn as it is.
 */
export function explain(asked: Asked, snapshot: Snapshot, clock: Clock): Explanation {
  const now = clock.now()
  let question: Question | null = null
  let found: CompiledRoute | null = null
  try {
    question = questionOf(asked, snapshot)
    refuseToken(question.token, clock)
    found = findRoute(question)
    const targets = allowedTargets(found, question)
    const { rotation } = found
    const { model } = question
    const target = chooseTarget({ targets, rotation, model }, () => true, now, false)
    const choice = target && choose(target, model, now)
    if (choice === null) throw noKey(targets, model, now)
    return told(asked, question, found, target, choice, null, now)
  } catch (error) {
    return told(asked, question, found, null, null, asBalanceError(error), now)
  }
}

function questionOf({ model, token, path }: Asked, snapshot: Snapshot): Question {
  const { route, endpoint, model: inPath } = place('POST', path, snapshot)
  return { snapshot, route, endpoint, token: tokenNamed(token, snapshot), model: inPath ?? model }
}

function tokenNamed(given: string | null, { tokens }: Snapshot): CompiledToken | null {
  if (given === null) return null
  const list = [...tokens.values()]
  const token = list.find(({ id }) => id === given) ?? list.find(({ name }) => name === given)
  if (token) return token
  throw new BalanceError('invalid_token', `No token ${printable(given)} is in force.`)
}

function refuseToken(token: CompiledToken | null, clock: Clock): void {
  if (token === null) return
  if (token.expired(clock.wall())) {
    throw new BalanceError('invalid_token', `Token ${token.name} has expired.`)
  }
  const wait = token.caller.wait(clock.now())
  if (wait > 0) throw atLimit(token, wait)
}

function choose(target: CompiledTarget, model: string | null, now: number): Choice | null {
  const { provider } = target
  const served = target.model ?? model
  const key = provider.pool.peek(served ?? '', [], now)
  return key && { provider: provider.name, model: served, key: key.id }
}

function told(
  asked: Asked,
  question: Question | null,
  found: CompiledRoute | null,
  chosen: CompiledTarget | null,
  choice: Choice | null,
  error: BalanceError | null,
  now: number,
): Explanation {
  return {
    path: asked.path,
    model: question?.model ?? asked.model,
    token: asked.token,
    route: found === null || found.model === '' ? null : found.model,
    candidates: found && question ? candidates(found, question, chosen, now) : [],
    choice,
    refusal: error && {
      code: error.code,
      status: error.status,
      message: error.message,
      retry_after_ms: error.retryAfter,
    },
  }
}

function candidates(
  found: CompiledRoute,
  question: Question,
  chosen: CompiledTarget | null,
  now: number,
): Candidate[] {
  const off = found.disabled.map(({ provider, model, tier, weight }) => ({
    provider,
    model: model ?? question.model,
    tier,
    weight,
    keys: 0,
    usable: 0,
    state: 'removed' as const,
    reason: REMOVALS.disabled,
  }))
  const on = found.targets.map(target => candidate(found, target, question, chosen, now))
  return [...on, ...off].sort((a, b) => a.tier - b.tier)
}

function candidate(
  found: CompiledRoute,
  target: CompiledTarget,
  question: Question,
  chosen: CompiledTarget | null,
  now: number,
): Candidate {
  const { provider, tier, weight } = target
  const model = target.model ?? question.model
  const { keys, usable } = survey(provider.pool.list, model ?? '', now)
  const seen = { provider: provider.name, model, tier, weight, keys, usable }
  const removal = removalOf(found, target, question)
  if (removal !== null) return { ...seen, state: 'removed', reason: REMOVALS[removal] }
  const unable = inability(target, model ?? '', now)
  if (unable !== null) return { ...seen, state: 'removed', reason: unable }
  if (target === chosen) {
    return { ...seen, state: 'chosen', reason: whyChosen(found, target, question, now) }
  }
  return { ...seen, state: 'able', reason: whyLater(target, chosen) }
}

function whyLater({ tier }: CompiledTarget, chosen: CompiledTarget | null): string {
  if (chosen === null) return 'it could, but the request is refused'
  return tier > chosen.tier ? 'serves where no lower tier can' : 'its turn comes later'
}

const REMOVALS: Readonly<Record<Removal, string>> = {
  disabled: 'the provider is disabled',
  dialect: 'the provider speaks another API than this path',
  token: 'the token may not use the provider',
  unnamed: 'the request names no model that could be one of its deployments',
  model: 'the setting `models` does not let it serve the model',
}

/** Why it cannot serve now, whatever it is allowed to; null where it can. */
function inability({ provider: { pool } }: CompiledTarget, model: string, now: number) {
  if (pool.size === 0) return 'the provider has no keys'
  if (!pool.passes(model, now)) {
    const wait = pool.breakerWait(model, now)
    return wait > 0
      ? `the provider fails; its breaker is open for ${Math.ceil(wait / 1_000)} s more`
      : 'the provider fails; one request is finding out whether it works again'
  }
  if (pool.peek(model, [], now) !== null) return null
  const { busy, cooling, exhausted, invalid, off } = survey(pool.list, model, now)
  const states = { busy, cooling, exhausted, invalid, off }
  const counts = Object.entries(states).filter(([, count]) => count > 0)
  return `no key is usable: ${counts.map(([state, count]) => `${count} ${state}`).join(', ')}`
}

function whyChosen(
  found: CompiledRoute,
  chosen: CompiledTarget,
  question: Question,
  now: number,
): string {
  const key = `key by ${chosen.provider.settings.policy}`
  if (found.targets.length === 1) return key
  const rivals = found.targets.filter(
    target =>
      target.tier === chosen.tier &&
      removalOf(found, target, question) === null &&
      inability(target, target.model ?? question.model ?? '', now) === null,
  )
  return rivals.length > 1
    ? `its turn among ${rivals.length} targets of its tier, by weight; ${key}`
    : `the only one of the first tier that can serve; ${key}`
}
