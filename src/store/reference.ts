import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, normalize, relative } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { keyValueFault, LONGEST_KEY } from './key-value.ts'

/** Where references may point. */
export interface ReferenceSources {
  readonly variables: Readonly<Record<string, string>>
  /** The folders that files may be below. */
  readonly folders: readonly string[]
}

export type Resolved = { readonly secret: Secret } | { readonly reason: string }

/**
 * The reference a key's value is, or null where it is a clear value.
 * @throws BalanceError invalid_value for a reference that can never be resolved.
 */
export function parseReference(value: string): string | null {
  if (value.startsWith('env:')) {
    const name = value.slice('env:'.length)
    const fault = variableFault(name)
    if (fault) throw new BalanceError('invalid_value', `env:${name}: ${fault}.`)
    return value
  }
  if (value.startsWith('file:')) {
    const path = value.slice('file:'.length)
    if (isAbsolute(path) && normalize(path) === path && !path.includes('\0')) return value
    throw new BalanceError('invalid_value', `${value}: a file is named by its full path.`, {
      hint: 'Write it like file:/etc/balance/keys/openai.',
    })
  }
  return null
}

/** Whether a value says where the key is kept, well or badly. */
export function isReference(value: string): boolean {
  return value.startsWith('env:') || value.startsWith('file:')
}

/**
 * The secret a reference stands for, or why it stands for none.
 * @param faultOf what is wrong with a value, as the rest of a sentence; as of a key unless said
 */
export function resolveReference(
  reference: string,
  sources: ReferenceSources,
  faultOf = keyValueFault,
): Resolved {
  const target = reference.slice(reference.indexOf(':') + 1)
  const found = reference.startsWith('env:')
    ? readVariable(target, sources.variables)
    : readReferenced(target, sources.folders)
  if ('reason' in found) return found
  const fault = faultOf(found.secret)
  return fault ? { reason: `what ${reference} holds ${fault}` } : found
}

/** Our own variables hold the master key and tokens: none of them is to be sent to a provider. */
function variableFault(name: string): string | null {
  if (!/^[A-Za-z_]\w*$/.test(name)) return 'this is not the name of an environment variable'
  if (/^BALANCE_/i.test(name)) return 'variables of the gateway itself are never used as keys'
  return null
}

function readVariable(name: string, variables: Readonly<Record<string, string>>): Resolved {
  const fault = variableFault(name)
  if (fault) return { reason: fault }
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined
  if (value === undefined || value === '') return { reason: `the variable ${name} is not set` }
  return { secret: new Secret(value) }
}

function readReferenced(path: string, folders: readonly string[]): Resolved {
  let real: string
  try {
    real = realpathSync(path)
  } catch {
    return { reason: `there is no file ${path}` }
  }
  if (!folders.some(folder => isBelow(real, folder))) {
    return { reason: `${path} is not below the config folder or the credentials folder` }
  }
  return readSmall(real, path)
}

/** Both sides with links resolved, or a link could lead out of the folder. */
function isBelow(real: string, folder: string): boolean {
  try {
    const path = relative(realpathSync(folder), real)
    return path !== '' && !path.startsWith('..') && !isAbsolute(path)
  } catch {
    return false
  }
}

function readSmall(real: string, path: string): Resolved {
  let file: number
  try {
    file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    return { reason: `${path} cannot be read (${(error as NodeJS.ErrnoException).code})` }
  }
  try {
    const status = fstatSync(file)
    if (!status.isFile()) return { reason: `${path} is not a file` }
    if (status.size > LONGEST_KEY + 2) return { reason: `${path} is too large for a key` }
    return { secret: new Secret(readFileSync(file, 'utf8').trim()) }
  } finally {
    closeSync(file)
  }
}
