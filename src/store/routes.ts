import { isDeepStrictEqual } from 'node:util'
import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import type { Origin, Route } from '../model/catalog.ts'
import type { NewTarget } from '../model/changes.ts'
import {
  isRouteModel,
  isTargetModel,
  spellTarget,
  type TargetPlace,
} from '../model/route-fields.ts'
import type { Store } from '../model/store.ts'
import type { Change } from './change.ts'
import { newId } from './identifiers.ts'
import { checkLimits } from './key-value.ts'
import type { StoreParts } from './parts.ts'
import { findProvider } from './provider-rows.ts'
import {
  describeTarget,
  listTargets,
  placeOf,
  readRoutes,
  routesOf,
  rowsOf,
  type TargetRow,
} from './route-rows.ts'
import { slices } from './slices.ts'

type RouteVerbs = Pick<Store, 'routes' | 'route' | 'addTargets' | 'removeTargets' | 'removeRoute'>

export function routeVerbs({ engine, change }: StoreParts): RouteVerbs {
  return {
    routes: () => engine.query(readRoutes),

    route: model => engine.query(async db => onlyRoute(rowsOf(await listTargets(db), model))),

    addTargets: (model, targets) =>
      change(async made => {
        return onlyRoute(await putTargets(made, model, targets, 'command'))
      }),

    removeTargets: (model, targets) =>
      change(async made => {
        const left = await dropTargets(made, model, targets)
        return left.length > 0 ? onlyRoute(left) : null
      }),

    removeRoute: model =>
      change(async made => {
        const rows = rowsOf(await listTargets(made.db), model)
        await deleteTargets(made, rows)
        noteRoute(made, model, rows, [])
        return onlyRoute(rows)
      }),
  }
}

/**
 * Adds these targets to a route, or changes those that it has; they belong to `origin` from then on.
 * @throws BalanceError invalid_value, no_such
 */
export async function putTargets(
  change: Change,
  model: string,
  targets: readonly NewTarget[],
  origin: Origin,
): Promise<readonly TargetRow[]> {
  checkModels(model, targets)
  const before = (await listTargets(change.db)).filter(row => row.model === model)
  const after = [...before]
  for (const target of targets) await putTarget(change, model, target, origin, after)
  if (!isDeepStrictEqual(before, after)) noteRoute(change, model, before, after)
  return after
}

/** Removes these targets of a route; returns what is left of it. @throws BalanceError no_such */
export async function dropTargets(
  change: Change,
  model: string,
  targets: readonly TargetPlace[],
): Promise<readonly TargetRow[]> {
  const before = rowsOf(await listTargets(change.db), model)
  const gone = new Set(targets.map(target => targetRow(before, model, target)))
  const left = before.filter(row => !gone.has(row))
  if (gone.size > 0) await deleteTargets(change, [...gone])
  if (gone.size > 0) noteRoute(change, model, before, left)
  return left
}

/** @throws BalanceError invalid_value */
function checkModels(model: string, targets: readonly NewTarget[]): void {
  if (!isRouteModel(model)) throw noModel(model, 'route', 'no space and no comma')
  if (targets.length === 0) {
    throw new BalanceError('invalid_value', 'A route needs a target.', {
      hint: 'Say where its requests go: a provider, and a model there.',
    })
  }
  for (const target of targets) {
    checkLimits(target)
    if (target.model !== null && !isTargetModel(target.model)) {
      throw noModel(target.model, 'target', 'no space, no comma and no *')
    }
  }
}

function noModel(text: string, what: 'route' | 'target', without: string): BalanceError {
  const shown = printable(String(text), 80)
  return new BalanceError('invalid_value', `"${shown}" cannot be the model of a ${what}.`, {
    hint: `It takes 1 to 256 visible characters, ${without}.`,
  })
}

/** Adds the target, or changes the row that it has among these. */
async function putTarget(
  { db, time }: Change,
  model: string,
  given: NewTarget,
  origin: Origin,
  rows: TargetRow[],
): Promise<void> {
  const { id: provider_id, name: provider } = await findProvider(db, given.provider)
  const target_model = given.model ?? ''
  const at = rows.findIndex(
    row => row.provider_id === provider_id && row.target_model === target_model,
  )
  const before = rows[at]
  const weight = given.weight ?? before?.weight ?? 1
  const tier = given.tier ?? before?.tier ?? 1
  if (before === undefined) {
    const own = { id: newId('r'), model, provider_id, target_model, weight, tier }
    const row = { ...own, origin, created_at: time }
    await db.insertInto('routes').values(row).execute()
    rows.push({ ...row, provider })
  } else if (before.weight !== weight || before.tier !== tier) {
    const changed = { weight, tier, origin }
    await db.updateTable('routes').set(changed).where('id', '=', before.id).execute()
    rows[at] = { ...before, ...changed }
  }
}

async function deleteTargets({ db }: Change, rows: readonly TargetRow[]): Promise<void> {
  for (const slice of slices(rows)) {
    const ids = slice.map(({ id }) => id)
    await db.deleteFrom('routes').where('id', 'in', ids).execute()
  }
}

function targetRow(rows: readonly TargetRow[], model: string, wanted: TargetPlace): TargetRow {
  const name = spellTarget(wanted)
  const found = rows.find(row => spellTarget(placeOf(row)) === name)
  if (found) return found
  const near = nearest(
    name,
    rows.map(row => spellTarget(placeOf(row))),
  )
  throw new BalanceError('no_such', `${printable(model)} has no target "${printable(name, 80)}".`, {
    hint: near ? `Did you mean ${near}?` : `See balance routes list ${printable(model)}.`,
  })
}

function noteRoute(
  { note }: Change,
  model: string,
  before: readonly TargetRow[],
  after: readonly TargetRow[],
): void {
  const action = before.length === 0 ? 'add' : after.length === 0 ? 'remove' : 'change'
  note(`route.${action}`, model, toldOf(before), toldOf(after))
}

function toldOf(rows: readonly TargetRow[]): unknown {
  return rows.length === 0 ? null : rows.map(describeTarget)
}

function onlyRoute(rows: readonly TargetRow[]): Route {
  return routesOf(rows)[0] as Route
}
