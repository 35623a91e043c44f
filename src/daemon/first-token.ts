import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'
import type { LoadedConfig } from '../model/config.ts'
import type { Store } from '../model/store.ts'
import { STRONG_TOKEN } from '../model/token-strength.ts'
import type { Follower } from './follower.ts'

/**
 * The first token from the environment. Off loopback nothing is served without any.
 * @param hosts all that is listened on
 * @throws BalanceError no_token
 */
export async function seeToTokens(
  config: LoadedConfig,
  hosts: readonly string[],
  store: Store,
): Promise<void> {
  if ((await store.tokens()).length > 0) return
  const given = config.environment.bootstrapToken
  const open = hosts.find(host => !isLoopback(host))
  if (given !== null) {
    const value = given.read()
    if (open !== undefined && value.reveal().length < STRONG_TOKEN) {
      throw weakToken(given.variable, open)
    }
    await store.createToken({ name: 'bootstrap', value })
  } else if (open !== undefined) {
    throw new BalanceError(
      'no_token',
      `Listening on ${open} needs a client token first: without one anybody could spend your keys.`,
      {
        hint: 'Create one with balance tokens create NAME, or give one in BALANCE_BOOTSTRAP_TOKEN or BALANCE_BOOTSTRAP_TOKEN_FILE.',
      },
    )
  }
}

function weakToken(variable: string, host: string): BalanceError {
  return new BalanceError(
    'no_token',
    `${variable} is shorter than ${STRONG_TOKEN} characters, too weak to listen on ${host} with.`,
    { hint: 'Take a longer one: openssl rand -hex 32 makes one.' },
  )
}

/** Made last: a start that fails after it would have shown the token to nobody. */
export async function makeFirstToken(
  anonymous: boolean,
  store: Store,
  follower: Follower,
): Promise<Secret | null> {
  if (anonymous || follower.catalog === null || follower.catalog.tokens.length > 0) return null
  const { secret } = await store.createToken({ name: 'first' })
  await follower.catchUp()
  return secret
}

/** Whether only callers on this host can reach it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
