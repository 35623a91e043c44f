import { BalanceError } from '../base/errors.ts'
import { PROVIDER_KINDS, type Provider, type ProviderKind } from '../model/catalog.ts'
import type { MovedProvider, NewKey } from '../model/changes.ts'
import { noBaseUrl, PLACEHOLDER_KEY, PRESETS, type Preset, presetOf } from '../model/presets.ts'
import { parseBaseUrl, parseProviderName } from '../model/provider-fields.ts'
import { parseSecretLines } from '../model/secret-lines.ts'
import { askForAnySecrets, askText, choose } from './prompts.ts'
import { readSecretFile, readSecretInput } from './secret-lines.ts'

/** What `init` was told about a provider on its command line. */
export interface ProviderFlags {
  readonly provider?: string
  readonly baseUrl?: string
  readonly kind?: ProviderKind
  /** One key a line; `-` for stdin. */
  readonly keyFile?: string
}

/** A provider to be added or given keys, and its preset. */
export interface WantedProvider {
  readonly move: MovedProvider
  readonly preset: Preset | null
}

/**
 * The provider that flags and, where somebody can be asked, answers describe.
 * @returns null where none is wanted
 * @throws BalanceError usage where the flags leave something open and nobody is asked
 */
export async function wantedProvider(
  flags: ProviderFlags,
  present: readonly Provider[],
  asks: boolean,
): Promise<WantedProvider | null> {
  const name = flags.provider ?? (asks ? await nameFor(flags, present) : null)
  if (name === null) return null
  const { provider, preset } =
    name === ANOTHER ? await askAnother(flags) : named(name, flags, present)
  const keys = await keysFor(provider.name, provider.present, preset, flags, asks)
  return { move: { ...provider, keys }, preset }
}

/** No provider can have this name. */
const ANOTHER = ''

function nameFor({ baseUrl }: ProviderFlags, present: readonly Provider[]) {
  return baseUrl === undefined ? askWhich(present) : ANOTHER
}

function askWhich(present: readonly Provider[]): Promise<string | null> {
  const names = new Set(present.map(({ name }) => name))
  const others = present.filter(({ name }) => presetOf(name) === null)
  const choices = [
    ...Object.keys(PRESETS).map(name => ({
      name: names.has(name) ? `${name} (is here: more keys)` : name,
      value: name,
    })),
    ...others.map(({ name }) => ({ name: `${name} (is here: more keys)`, value: name })),
    { name: 'another one, by its base URL', value: ANOTHER },
  ]
  const none = { name: present.length > 0 ? 'no other' : 'none yet', value: null }
  return present.length > 0
    ? choose<string | null>('Add a provider?', [none, ...choices], null)
    : choose<string | null>('Which provider do you have a key of?', [...choices, none], 'openai')
}

interface Chosen {
  readonly provider: Omit<MovedProvider, 'keys'>
  readonly preset: Preset | null
}

async function askAnother(flags: ProviderFlags): Promise<Chosen> {
  const baseUrl = flags.baseUrl ?? (await askText('Its base URL:', parseBaseUrl))
  const kind = flags.kind ?? (await choose('Which API does it speak?', KINDS, 'openai'))
  const name = await askText('A name for it:', parseProviderName, suggestedName(baseUrl))
  return { provider: fresh(name, kind, baseUrl), preset: null }
}

const KINDS = PROVIDER_KINDS.map(kind => ({ name: kind, value: kind }))

/** `api.lab.example` → `lab`; none of an address. */
function suggestedName(baseUrl: string): string {
  const labels = new URL(baseUrl).hostname.split('.')
  const name = labels.at(-2) ?? labels[0] ?? ''
  return /^[a-z][a-z0-9-]*$/.test(name) ? name : 'lab'
}

function named(name: string, flags: ProviderFlags, present: readonly Provider[]): Chosen {
  const preset = presetOf(name)
  const own = present.find(provider => provider.name === name)
  if (own) {
    const { kind, baseUrl } = own
    if (flags.baseUrl !== undefined && flags.baseUrl !== baseUrl) throw elsewhere(own)
    return { provider: { ...fresh(name, kind, baseUrl), present: true }, preset }
  }
  const baseUrl = flags.baseUrl ?? preset?.baseUrl
  if (baseUrl === undefined) throw noBaseUrl(name)
  return { provider: fresh(name, flags.kind ?? preset?.kind ?? 'openai', baseUrl), preset }
}

function fresh(name: string, kind: ProviderKind, baseUrl: string): Omit<MovedProvider, 'keys'> {
  const own = { name, kind, baseUrl, path: null, overrides: {} }
  return { ...own, enabled: true, modelsKey: null, present: false }
}

function elsewhere({ name, baseUrl }: Provider): BalanceError {
  return new BalanceError('name_taken', `${name} is here already, at ${baseUrl}.`, {
    hint: `Choose another name, or: balance providers set ${name} base_url=URL`,
  })
}

async function keysFor(
  name: string,
  present: boolean,
  preset: Preset | null,
  { keyFile }: ProviderFlags,
  asks: boolean,
): Promise<NewKey[]> {
  if (keyFile !== undefined) {
    const text = await (keyFile === '-' ? readSecretInput() : readSecretFile(keyFile))
    return parseSecretLines(text, keyFile === '-' ? 'stdin' : keyFile).map(value => ({ value }))
  }
  if (preset?.needsKey === false) return present ? [] : [PLACEHOLDER_KEY]
  return asks ? (await askForAnySecrets(`key for ${name}`)).map(value => ({ value })) : []
}
