import { BalanceError } from '../base/errors.ts'
import type { CompiledRoute, CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledProvider, CompiledToken, Snapshot } from '../snapshot/snapshot.ts'
import { isDeployment } from '../wire/azure.ts'
import type { Endpoint } from '../wire/endpoint.ts'
import type { Route } from '../wire/path.ts'
import type { Exchange } from './exchange.ts'

/** All that decides where a request may go; an exchange is one. */
export interface Question {
  readonly snapshot: Snapshot
  readonly route: Route | null
  readonly endpoint: Endpoint
  readonly token: CompiledToken | null
  /** As the client asks for it; null where it names none. */
  readonly model: string | null
}

/** Decides which targets may serve the exchange, and whether its caller may ask for that. */
export function route(exchange: Exchange): void {
  const found =
    exchange.pin === null ? findRoute(exchange) : routeTo(exchange.pin.provider, exchange)
  exchange.targets = allowedTargets(found, exchange)
  exchange.rotation = found.rotation
}

/** The way to this provider: by the route of the model, where that leads there too. */
function routeTo(provider: CompiledProvider, { snapshot, route, model }: Question): CompiledRoute {
  const found = model === null || route?.provider ? null : snapshot.routes.find(model)
  const targets = found?.targets.filter(target => target.provider === provider) ?? []
  return found === null || targets.length === 0 ? provider.direct : found.narrowedTo(targets)
}

/** The route of the model, or the way to the provider that is meant without one. */
export function findRoute(question: Question): CompiledRoute {
  const { snapshot, route: found, model } = question
  const named = snapshot.byName.get(found?.provider ?? '')
  if (named !== undefined) return named.direct
  return (model === null ? null : snapshot.routes.find(model)) ?? chooseProvider(question).direct
}

/** @throws BalanceError where there is none, for the reason of the one that came furthest */
export function allowedTargets(
  found: CompiledRoute,
  question: Question,
): readonly CompiledTarget[] {
  refuseModel(question)
  const { targets } = found
  if (targets.every(target => removalOf(found, target, question) === null)) {
    if (targets.length > 0) return targets
    throw refusal(found, 'disabled', question)
  }
  const allowed = targets.filter(target => removalOf(found, target, question) === null)
  if (allowed.length > 0) return allowed
  const removals = new Set(targets.map(target => removalOf(found, target, question)))
  throw refusal(found, FURTHEST.find(removal => removals.has(removal)) ?? 'disabled', question)
}

/** Why a target may not serve a request, whatever the state of its keys. */
export type Removal = 'disabled' | 'dialect' | 'token' | 'model' | 'unnamed'

const FURTHEST: readonly Removal[] = ['model', 'unnamed', 'token', 'dialect']

/** Null: it may. */
export function removalOf(
  found: CompiledRoute,
  { provider, model: asked }: CompiledTarget,
  { endpoint, route: place, token, model }: Question,
): Removal | null {
  // A path that names a provider may be of any API: it is passed as it is. Models are described by all.
  const bound = found.model !== '' && endpoint.name !== 'models.one'
  if (bound && provider.dialect !== endpoint.dialect) return 'dialect'
  if (token !== null && !token.allowsProvider(provider.name)) return 'token'
  const unnamed = place !== null && provider.address.needsModel(place.path)
  if (unnamed && !isDeployment(asked ?? model)) return 'unnamed'
  if (provider.filter.open || !concernsModel(endpoint, model)) return null
  return provider.filter.allows(asked ?? model ?? '') ? null : 'model'
}

/** A limit on models holds for every request that names one, and for every one that must. */
function concernsModel(endpoint: Endpoint, model: string | null): boolean {
  return endpoint.generate || endpoint.form || model !== null
}

/**
 * Whether it depends on the model where a request goes, or whether it may be asked at all.
 * @throws BalanceError where there is nobody to ask, whatever the model
 */
export function dependsOnModel(question: Question): boolean {
  const { snapshot, route: found, token } = question
  if (token?.limitsModels) return true
  const named = snapshot.byName.get(found?.provider ?? '')
  if (named === undefined && !snapshot.routes.empty) return true
  return !(named ?? chooseProvider(question)).filter.open
}

/** @throws BalanceError model_not_allowed */
function refuseModel({ token, endpoint, model }: Question): void {
  if (!token?.limitsModels || !concernsModel(endpoint, model) || token.allowsModel(model ?? '')) {
    return
  }
  throw new BalanceError(
    'model_not_allowed',
    `Token ${token.name} may not use the model ${model ?? '(none named)'}.`,
  )
}

function refusal(
  { model: route, targets, disabled }: CompiledRoute,
  removal: Removal,
  { token, endpoint, model }: Question,
): BalanceError {
  const names = [
    ...targets.map(({ provider }) => provider.name),
    ...disabled.map(each => each.provider),
  ]
  const providers = [...new Set(names)].join(', ')
  switch (removal) {
    case 'model':
      return new BalanceError(
        'model_not_allowed',
        `The model ${model ?? '(none named)'} is not served (setting models of ${providers}).`,
      )
    case 'unnamed':
      return new BalanceError(
        'invalid_request',
        `The request names no model that could be a deployment of ${providers}.`,
      )
    case 'token':
      return new BalanceError(
        'provider_not_allowed',
        `Token ${token?.name} may not use provider ${providers}.`,
      )
    case 'dialect':
      return new BalanceError(
        'dialect_not_configured',
        `No provider behind the route ${route} is of kind ${endpoint.dialect} (${providers}).`,
      )
    case 'disabled':
      return new BalanceError(
        'provider_not_found',
        `Every provider behind the route ${route} is disabled (${providers}).`,
        { hint: `balance providers enable ${disabled[0]?.provider}` },
      )
  }
}

function chooseProvider({ snapshot, endpoint }: Question): CompiledProvider {
  const fallback = snapshot.defaultProvider
  if (fallback !== null && endpoint.dialect === fallback.dialect) return fallback
  const speaker = snapshot.ofDialect.get(endpoint.dialect)
  if (speaker !== undefined) return speaker
  if (endpoint.dialect !== 'openai') {
    throw new BalanceError(
      'dialect_not_configured',
      `No provider of kind ${endpoint.dialect} is configured.`,
      { hint: `balance providers add ${endpoint.dialect}` },
    )
  }
  // Vendors of other kinds serve plain paths such as /v1/models too.
  if (fallback !== null) return fallback
  throw noDefault(snapshot)
}

function noDefault({ settings, byName }: Snapshot): BalanceError {
  if (byName.size === 0) {
    return new BalanceError('provider_not_found', 'No provider is configured yet.', {
      hint: 'balance providers add openai',
    })
  }
  const { default_provider: name } = settings
  return new BalanceError(
    'provider_not_found',
    name === '' ? 'No default provider is set.' : `The default provider ${name} is not enabled.`,
    { hint: 'balance config set default_provider NAME' },
  )
}
