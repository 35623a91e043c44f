import { isDeepStrictEqual } from 'node:util'
import { BalanceError } from '../../base/errors.ts'
import type { Origin } from '../../model/catalog.ts'
import type { Declarable, Difference, FieldChange } from '../../model/plan.ts'
import {
  formatSetting,
  SETTINGS,
  type SettingName,
  type Settings,
  VEILED_SETTINGS,
} from '../../model/settings.ts'
import type { Change } from '../change.ts'

/** One thing that a file declares, or declared, against what the store has of it. */
export interface Step extends Omit<Difference, 'action'> {
  readonly action: Difference['action'] | 'same'
  /** Why it must stay though its file let go of it; null where nothing speaks against removing it. */
  readonly blocked: string | null
  /** `file:line:column` of what declares it; absent where it is to go, or no file was read. */
  readonly place?: string
  /** How operators may name it for {@link Store.giveBack}. */
  readonly names: readonly string[]
  /**
   * Lets go of the unique values that it will change, before any step of the plan is made: two objects
   * may swap them, and none is to wait for another.
   */
  vacate(change: Change): Promise<void>
  /**
   * Makes it as declared, with origin `file`.
   * @param takeOver false: what a command owns stays in force
   */
  run(change: Change, takeOver: boolean): Promise<void>
}

/** By name, with the values that the store would keep. */
export type Fields = Readonly<Record<string, unknown>>

interface Declared {
  readonly kind: Declarable
  readonly name: string
  readonly names?: readonly string[]
  readonly place?: string | undefined
  readonly after: Fields
  /** Null where the store has nothing of it. */
  readonly present: { readonly fields: Fields; readonly origin: Origin } | null
  readonly run: Step['run']
  /** Absent where it changes no unique value. */
  readonly vacate?: Step['vacate']
  /** Changes the origin alone. */
  readonly adopt?: (change: Change) => Promise<void>
}

/** The step that leads from what is there to what is declared. */
export function declaredStep({ kind, name, after, present, run, ...rest }: Declared): Step {
  const fields = changedFields(present?.fields ?? {}, after)
  const holder = present?.origin ?? null
  const equal = present !== null && fields.length === 0
  const action = present === null ? 'add' : !equal ? 'change' : holder === 'file' ? 'same' : 'adopt'
  const { names = [name], adopt, vacate = nothing, place } = rest
  return {
    kind,
    name,
    names,
    ...(place === undefined ? {} : { place }),
    action,
    holder,
    fields,
    blocked: null,
    vacate,
    run: async (change, takeOver) => {
      if (action !== 'adopt' || adopt === undefined) return run(change, takeOver)
      await adopt(change)
      change.note(`${kind}.adopt`, name, { origin: holder }, { origin: 'file' })
    },
  }
}

/** The step that removes what is not declared any more. */
export function removingStep(
  step: Pick<Step, 'kind' | 'name' | 'holder' | 'run'> &
    Partial<Pick<Step, 'names' | 'blocked'>> & { readonly fields: Fields },
): Step {
  const { kind, name, holder, run, names = [name], blocked = null } = step
  const fields = changedFields(step.fields, {})
  return { kind, name, names, action: 'remove', holder, blocked, fields, vacate: nothing, run }
}

interface Holder {
  readonly name: string
  readonly origin: Origin
}

/**
 * A file gives to this what something has that it does not declare, and that therefore stays.
 * @param what it has: `this label`
 */
export function heldBy(kind: Declarable, name: string, what: string, holder: Holder): BalanceError {
  const other = `${kind} ${holder.name}`
  const hint =
    holder.origin === 'file'
      ? `The file let go of ${other}: balance config apply --prune removes it${kind === 'provider' ? ', unless a command gave it something' : ''}.`
      : `A command made ${other}: change it, or the file.`
  return new BalanceError(
    'name_taken',
    `${kind} ${name} of the file: ${other}, which the file does not declare, has ${what}.`,
    { hint },
  )
}

async function nothing(): Promise<void> {}

function changedFields(before: Fields, after: Fields): FieldChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names]
    .filter(name => !isDeepStrictEqual(before[name] ?? null, after[name] ?? null))
    .map(name => {
      const was = spelled(name, before[name])
      const is = spelled(name, after[name])
      // Two values may look alike where a part of them is a secret.
      return { name, before: was, after: was === is ? `${is} (another value)` : is }
    })
}

/** As an operator would write it. Headers and parameters may carry a secret, so only their names are told. */
function spelled(name: string, value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (VEILED_SETTINGS.has(name))
    return Object.keys(value)
      .map(header => `${header}: …`)
      .join(', ')
  if (name === 'expires') return new Date(value as number).toISOString()
  if (typeof value !== 'string' && Object.hasOwn(SETTINGS, name)) {
    return formatSetting(name as SettingName, value as Settings[SettingName])
  }
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.join(', ') : String(value)
}
