import { BalanceError } from '../base/errors.ts'
import type { CompiledProvider, Snapshot } from '../snapshot/snapshot.ts'
import type { Exchange } from './exchange.ts'

/** Decides which provider serves the exchange, and whether its caller may use it. */
export function route(exchange: Exchange): void {
  const provider = chooseProvider(exchange)
  const { token, model, endpoint } = exchange
  if (token !== null && !token.allowsProvider(provider.name)) {
    throw new BalanceError(
      'provider_not_allowed',
      `Token ${token.name} may not use provider ${provider.name}.`,
    )
  }
  if (
    token?.limitsModels &&
    (endpoint.generate || model !== null) &&
    !token.allowsModel(model ?? '')
  ) {
    throw new BalanceError(
      'model_not_allowed',
      `Token ${token.name} may not use the model ${model ?? '(none named)'}.`,
    )
  }
  exchange.provider = provider
}

function chooseProvider({ route: found, snapshot, endpoint }: Exchange): CompiledProvider {
  const named = snapshot.byName.get(found?.provider ?? '')
  if (named !== undefined) return named
  const fallback = snapshot.defaultProvider
  if (fallback !== null && endpoint.dialect === fallback.kind) return fallback
  const speaker = snapshot.ofKind.get(endpoint.dialect)
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
