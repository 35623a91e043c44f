import { BalanceError } from '../base/errors.ts'
import type { TestShape } from '../control/shapes/test.ts'
import type { Key, Provider, Token } from '../model/catalog.ts'
import { presetOf } from '../model/presets.ts'
import type { Store } from '../model/store.ts'
import { firstLines } from './first-lines.ts'
import { gatewayPlace } from './gateway-url.ts'
import { keysInEnvironment, offer } from './offer-keys.ts'
import { plural } from './plural.ts'
import { agree, askText, canAsk, isLeftPrompt } from './prompts.ts'
import type { Session } from './session.ts'
import { TokenFile } from './token-file.ts'
import { type ProviderFlags, wantedProvider } from './wanted-provider.ts'

export interface InitOptions extends ProviderFlags {
  readonly fromEnv?: true
  readonly test: boolean
  readonly tokenName?: string
  readonly tokenFile?: string
  readonly yes?: true
}

/** A token that was just made; its text is null where it went to a file. */
interface MadeToken {
  readonly id: string
  readonly name: string
  readonly token: string | null
  readonly file: string | null
}

/**
 * `init`: furnishes a store step by step. Each step is written whole or not at all, so that whoever
 * leaves in the middle has a store that works as far as it goes, and is told how far that is.
 */
export class FirstRun {
  readonly #session: Session
  readonly #options: InitOptions
  readonly #asks: boolean
  readonly #done: string[] = []

  constructor(session: Session, options: InitOptions) {
    this.#session = session
    this.#options = options
    this.#asks = canAsk() && options.yes !== true
  }

  async go(): Promise<void> {
    const store = await this.#session.store()
    const before = await contents(store)
    if (!this.#asks) requireAll(before, this.#options)
    this.#refuseUnseen()
    this.#tell(before)
    try {
      await this.#furnish(store, before)
    } catch (error) {
      this.#tellDone(isLeftPrompt(error))
      throw error
    }
  }

  async #furnish(store: Store, before: Contents): Promise<void> {
    const { out } = this.#session
    await this.#takeEnvironment(before)
    await this.#addProvider(store)
    const { keys, providers } = await contents(store)
    const known = new Set(before.keys.map(({ id }) => id))
    const added = keys.filter(({ id }) => !known.has(id))
    const tests = this.#options.test ? await this.#test(added) : []
    const token = await this.#makeToken(store)
    const { url, running } = await gatewayPlace(this.#session)
    if (this.#done.length === 0) out.say('nothing was changed')
    out.show({ done: this.#done, tests, token, url, running }, () =>
      firstLines(out, { url, providers, token: token?.token ?? null, file: token?.file ?? null }),
    )
    if (!running) out.say('Start the gateway: balance serve')
  }

  /** Asked where nothing was said of a provider. */
  async #takeEnvironment({ providers }: Contents): Promise<void> {
    const { fromEnv, provider } = this.#options
    if (!fromEnv && (!this.#asks || provider !== undefined)) return
    const found = keysInEnvironment(this.#session, providers)
    if (found) await this.#did(await offer(this.#session, found, fromEnv === true))
    else if (fromEnv) this.#session.out.say('The environment has no key of a vendor that is known.')
  }

  async #addProvider(store: Store): Promise<void> {
    const asks = this.#asks && (!this.#options.fromEnv || saysMore(this.#options))
    const wanted = await wantedProvider(this.#options, await store.providers(), asks)
    if (wanted === null) return
    const { name, baseUrl, present } = wanted.move
    const before = present ? await store.keys(name) : []
    if (!present || wanted.move.keys.length > 0) {
      await store.moveIn({ providers: [wanted.move], tokens: [], settings: {} })
    }
    const count = (await store.keys(name)).length - before.length
    const same = wanted.move.keys.length - count
    if (!present)
      await this.#did([`added provider ${name} (${baseUrl}) with ${plural(count, 'key')}`])
    else if (count > 0) await this.#did([`added ${plural(count, 'key')} to provider ${name}`])
    if (same > 0) this.#session.out.say(`here already: ${plural(same, 'key')} of ${name}`)
    if (wanted.preset?.note) this.#session.out.say(wanted.preset.note)
    if (before.length + count === 0) this.#session.out.say(`Give it keys: balance keys add ${name}`)
  }

  async #test(added: readonly Key[]): Promise<TestShape[]> {
    if (added.length === 0) return []
    const { testAdded } = await import('./key-tests.ts')
    const rows = await testAdded(
      this.#session,
      added.map(({ id }) => id),
    )
    const { out } = this.#session
    const failed = rows.filter(({ ok }) => !ok)
    if (failed.some(({ failed_at }) => failed_at === 'key')) {
      out.warn('a key was not accepted: balance keys set KEY --secret gives it another secret')
    }
    const silent = new Set(failed.flatMap(row => (row.failed_at === 'key' ? [] : [row.provider])))
    for (const name of silent) {
      out.say(
        `No answer of ${name} tells about its keys yet; later: balance providers test ${name}`,
      )
    }
    return rows
  }

  async #makeToken(store: Store): Promise<MadeToken | null> {
    const { out } = this.#session
    const present = await store.tokens()
    const name = this.#options.tokenName ?? (await this.#askTokenName(present))
    if (name === null) return null
    if (present.some(token => token.name === name)) {
      out.say(
        `Token ${name} is here already; its text is kept nowhere. Another: balance tokens create NAME`,
      )
      return null
    }
    const { tokenFile } = this.#options
    const file = tokenFile === undefined ? null : new TokenFile(tokenFile)
    const { token, secret } = await store.createToken({ name }).catch((error: unknown) => {
      file?.remove()
      throw error
    })
    file?.write(secret)
    await this.#did([`created token ${name}${file ? ` in ${file.path}` : ''}`])
    return { id: token.id, name, token: file ? null : secret.reveal(), file: file?.path ?? null }
  }

  async #askTokenName(present: readonly Token[]): Promise<string | null> {
    if (!this.#asks) return null
    if (present.length > 0 && !(await agree('Make another client token?', false))) return null
    const taken = new Set(present.map(({ name }) => name))
    const parse = (text: string) => {
      if (text !== '' && !taken.has(text)) return text
      throw new BalanceError('invalid_value', text === '' ? 'A name is wanted.' : 'It is taken.')
    }
    const suggested = taken.has('laptop') ? undefined : 'laptop'
    return askText('A token for your client: who uses it?', parse, suggested)
  }

  /** Says it at once and has it in force, for the next step may be the one that is left. */
  async #did(changes: readonly string[]): Promise<void> {
    if (changes.length === 0) return
    this.#done.push(...changes)
    for (const change of changes) this.#session.out.say(change)
    if (await this.#session.daemon()) await this.#session.inForce()
  }

  #tell({ providers, keys, tokens }: Contents): void {
    if (providers.length + tokens.length === 0) return
    const { out } = this.#session
    const count = (name: string) => keys.filter(({ provider }) => provider === name).length
    const lines = [
      ...providers.map(({ name }) => `${name} with ${plural(count(name), 'key')}`),
      ...tokens.map(({ name }) => `token ${name}`),
    ]
    out.say(`Here already: ${lines.join(', ')}. Nothing of it is changed.`)
  }

  #tellDone(left: boolean): void {
    const { out } = this.#session
    if (this.#done.length > 0) {
      out.say(`\nLeft before the end. Done and kept: ${this.#done.join('; ')}.`)
      out.say('Go on at any time: balance init')
    } else if (left) out.say('\nLeft before anything was changed.')
  }

  /** As with `tokens create`: nobody would see it, or some log would. */
  #refuseUnseen(): void {
    const { out } = this.#session
    const { tokenName, tokenFile } = this.#options
    if (tokenFile !== undefined || out.json || out.onTerminal) return
    if (!this.#asks && tokenName === undefined) return
    throw new BalanceError(
      'usage',
      'The token would be printed to something that is no terminal.',
      {
        hint: 'Add --token-file FILE, or --json to have it printed all the same. Nothing was changed.',
      },
    )
  }
}

interface Contents {
  readonly providers: readonly Provider[]
  readonly keys: readonly Key[]
  readonly tokens: readonly Token[]
}

async function contents(store: Store): Promise<Contents> {
  return {
    providers: await store.providers(),
    keys: await store.keys(),
    tokens: await store.tokens(),
  }
}

/** @throws BalanceError usage that names the flags without which the store would not serve. */
function requireAll({ providers, keys, tokens }: Contents, options: InitOptions): void {
  const { provider, fromEnv, keyFile, tokenName, tokenFile } = options
  const unnamed = saysMore(options) || (!fromEnv && providers.length === 0)
  const missing = [
    ...(provider === undefined && unnamed ? ['--provider NAME'] : []),
    ...(needsKeys(provider, keys) && keyFile === undefined ? ['--key-file FILE'] : []),
    ...(tokenName === undefined && (tokens.length === 0 || tokenFile !== undefined)
      ? ['--token-name NAME']
      : []),
  ]
  if (missing.length === 0) return
  throw new BalanceError(
    'usage',
    `Nobody is asked here, so more is needed: ${missing.join(', ')}.`,
    {
      hint: 'Add them, or run balance init on a terminal without --yes. Nothing was changed.',
    },
  )
}

/** Whether something is said of a provider, which must then have a name. */
function saysMore({ baseUrl, kind, keyFile }: ProviderFlags): boolean {
  return baseUrl !== undefined || kind !== undefined || keyFile !== undefined
}

function needsKeys(provider: string | undefined, keys: readonly Key[]): boolean {
  if (provider === undefined || presetOf(provider)?.needsKey === false) return false
  return !keys.some(key => key.provider === provider)
}
