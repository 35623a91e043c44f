import { BalanceError } from '../base/errors.ts'
import type { CompiledRoute, CompiledTarget } from '../snapshot/route-table.ts'
import type { CompiledProvider } from '../snapshot/snapshot.ts'
import { type Listed, writeModelList } from '../wire/model-list.ts'
import { type Asked, askModels } from './ask-models.ts'
import type { Exchange } from './exchange.ts'
import type { Gateway } from './gateway.ts'
import { answer } from './respond.ts'
import { findRoute, type Question, removalOf, route } from './route.ts'

/**
 * Whether the list of models that is asked for is not just one provider's own: where routes lead
 * elsewhere, or some models are not served to this caller. Any other list passes as it comes.
 */
export function listsModels(exchange: Exchange): boolean {
  const { endpoint, method, snapshot, token } = exchange
  if (endpoint.name !== 'models' || method !== 'GET') return false
  if (token?.limitsModels) return true
  const provider = providerNamed(exchange) ?? snapshot.defaultProvider
  if (provider !== null && !provider.filter.open) return true
  return providerNamed(exchange) === null && !snapshot.routes.empty
}

/** Answers with all models that this caller may ask for here, whoever serves them. */
export async function listOwnModels(exchange: Exchange, gateway: Gateway): Promise<void> {
  const providers = sources(exchange)
  const lists = await askAll(providers, exchange, gateway)
  if (exchange.left)
    throw new BalanceError('client_closed', 'The client left before it was answered.')
  const models = new Map(routeNames(exchange).map(model => [model.id, model]))
  const failures = lists.filter(list => list instanceof BalanceError)
  // A part is better than nothing; nothing is told as what it is.
  if (models.size === 0 && failures.length === lists.length && failures[0]) throw failures[0]
  const family = providerNamed(exchange)?.dialect ?? exchange.endpoint.dialect
  providers.forEach((provider, at) => {
    const list = lists[at] as Asked
    if (list instanceof BalanceError) return
    for (const [id, said] of list) {
      if (models.has(id) || !serves(provider, id, exchange)) continue
      const entry = provider.dialect === family ? said : undefined
      models.set(id, { id, owner: provider.name, createdAt: null, entry })
    }
  })
  answer(exchange, writeModelList(family, [...models.values()]))
}

async function askAll(
  providers: readonly CompiledProvider[],
  exchange: Exchange,
  { agents, clock, redactor }: Gateway,
): Promise<Asked[]> {
  const leaving = new AbortController()
  exchange.onLeft = () => leaving.abort()
  const parts = { agents, clock, redactor, signal: leaving.signal }
  const lists = await Promise.all(providers.map(provider => askModels(provider, exchange, parts)))
  exchange.onLeft = null
  return lists
}

/** Whose models the path asks for; null: those of whoever serves requests without a provider. */
function providerNamed({ snapshot, route: place }: Exchange): CompiledProvider | null {
  return snapshot.byName.get(place?.provider ?? '') ?? null
}

/** Whom to ask: the provider that is named; else the default one, and all that a glob leads to. */
function sources(exchange: Exchange): CompiledProvider[] {
  const { snapshot, token } = exchange
  const fallback = withoutRoute(exchange)
  if (providerNamed(exchange) !== null) return fallback
  const targets = snapshot.routes.globs.flatMap(found => found.targets)
  const behind = targets.filter(({ model }) => model === null).map(({ provider }) => provider)
  const all = [...new Set([...fallback, ...behind])]
  return all.filter(({ name }) => token === null || token.allowsProvider(name))
}

/** Where a request goes that no route is for; where there are routes they may do without. */
function withoutRoute(exchange: Exchange): CompiledProvider[] {
  try {
    route(exchange)
    return exchange.targets.map(({ provider }) => provider)
  } catch (error) {
    if (providerNamed(exchange) !== null || exchange.snapshot.routes.empty) throw error
    return []
  }
}

/** Names that routes give to models, which no provider may have. */
function routeNames(exchange: Exchange): Listed[] {
  if (providerNamed(exchange) !== null) return []
  return [...exchange.snapshot.routes.named]
    .filter(found => leads(found, questionOf(exchange, found.model), () => true))
    .map(({ model: id, createdAt }) => ({ id, owner: 'balance', createdAt, entry: undefined }))
}

/** Whether a request for this model would be sent to this provider, under this name. */
function serves(provider: CompiledProvider, id: string, exchange: Exchange): boolean {
  const question = questionOf(exchange, id)
  return leads(
    findRoute(question),
    question,
    target => target.provider === provider && (target.model ?? id) === id,
  )
}

function leads(
  found: CompiledRoute,
  question: Question,
  fits: (target: CompiledTarget) => boolean,
): boolean {
  if (question.token?.allowsModel(question.model ?? '') === false) return false
  return found.targets.some(target => fits(target) && removalOf(found, target, question) === null)
}

/** As if the model's own description were asked for, which providers of all kinds have. */
function questionOf(
  { snapshot, route: place, token, endpoint }: Exchange,
  model: string,
): Question {
  return { snapshot, route: place, token, model, endpoint: { ...endpoint, name: 'models.one' } }
}
