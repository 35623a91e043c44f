import { BalanceError } from '../base/errors.ts'
import type { Reconciled } from '../model/declared.ts'
import { type Difference, type Plan, spellSubject } from '../model/plan.ts'
import type { Store } from '../model/store.ts'
import { type Change, readRevision } from './change.ts'
import type { StoreParts } from './parts.ts'
import { placed } from './placed.ts'
import type { Step } from './plan/step.ts'
import { stepsTo } from './plan/steps.ts'

type DeclaredVerbs = Pick<Store, 'reconcile' | 'plan' | 'apply' | 'giveBack'>

/** Takes a configuration file's values into the store. */
export function reconcileVerbs(parts: StoreParts): DeclaredVerbs {
  const { engine, change } = parts
  return {
    reconcile: declared =>
      change(async made => takeIn(made, await stepsTo(parts, made.db, declared, false))),

    plan: (declared, { prune }) =>
      engine.snapshot(async db => {
        const revision = await readRevision(db)
        return planOf(await stepsTo(parts, db, declared, prune), revision, prune)
      }),

    apply: (declared, { prune, revision }) =>
      change(async made => {
        const now = await readRevision(made.db)
        if (now !== revision) throw stale(revision, now)
        const steps = await stepsTo(parts, made.db, declared, prune)
        const due = steps.filter(step => isDue(step, prune))
        await make(made, due, true)
        return planOf(steps, revision, prune)
      }),

    giveBack: (declared, { kind, name }) =>
      change(async made => {
        const revision = await readRevision(made.db)
        const all = await stepsTo(parts, made.db, declared, false)
        const steps = all.filter(step => step.kind === kind && step.names.includes(name))
        if (steps.every(isRemoval)) throw undeclared(kind, name)
        const due = steps.filter(step => step.action !== 'same')
        await make(made, due, true)
        return { revision, differences: due.map(differenceOf), left: [] }
      }),
  }
}

/** Makes the steps of what no command owns; of a setting, the file's own value is written down too. */
async function takeIn(made: Change, steps: readonly Step[]): Promise<Reconciled> {
  const due = steps.filter(step => !isRemoval(step) && step.action !== 'same')
  const owned = due.filter(({ holder }) => holder === 'command')
  const taken = due.filter(step => !owned.includes(step))
  await make(
    made,
    due.filter(step => taken.includes(step) || step.kind === 'setting'),
    false,
  )
  const overridden = owned.filter(({ action }) => action === 'change')
  return {
    taken: taken.map(spellSubject),
    overridden: overridden.map(spellSubject),
    left: leftOf(steps, false),
  }
}

/** All values that change are let go first, so that the order of the steps is no matter to them. */
async function make(made: Change, steps: readonly Step[], takeOver: boolean): Promise<void> {
  for (const step of steps) await step.vacate(made)
  for (const step of steps) {
    try {
      await step.run(made, takeOver)
    } catch (error) {
      throw placed(error, step.place)
    }
  }
}

function planOf(steps: readonly Step[], revision: number, prune: boolean): Plan {
  const differences = steps.filter(step => isDue(step, prune)).map(differenceOf)
  return { revision, differences, left: leftOf(steps, prune) }
}

function isDue(step: Step, prune: boolean): boolean {
  return isRemoval(step) ? prune && isLeft(step) && step.blocked === null : step.action !== 'same'
}

function leftOf(steps: readonly Step[], prune: boolean): string[] {
  return steps
    .filter(step => isRemoval(step) && isLeft(step) && !isDue(step, prune))
    .map(step => spellSubject(step) + (prune && step.blocked ? ` (${step.blocked})` : ''))
}

/** A file let go of it, and no command has it. */
function isLeft({ holder }: Step): boolean {
  return holder === 'file'
}

function isRemoval({ action }: Step): boolean {
  return action === 'remove'
}

function differenceOf({ kind, name, action, holder, fields }: Step): Difference {
  return { kind, name, action: action as Difference['action'], holder, fields }
}

function stale(planned: number, now: number): BalanceError {
  return new BalanceError(
    'stale_plan',
    `The plan was made at revision ${planned}, and the store is at ${now}. Nothing was changed.`,
    { hint: 'Look at it again: balance config diff' },
  )
}

function undeclared(kind: string, name: string): BalanceError {
  return new BalanceError('no_such', `The configuration file declares no ${kind} "${name}".`, {
    hint: 'See balance config validate. What a command made is removed by a command.',
  })
}
