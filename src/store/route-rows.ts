import type { Kysely } from 'kysely'
import { BalanceError } from '../base/errors.ts'
import { nearest, printable } from '../base/text.ts'
import type { Route, Target } from '../model/catalog.ts'
import type { TargetPlace } from '../model/route-fields.ts'
import type { RouteRow, Tables } from './tables.ts'

/** A target's row with its provider's name. */
export interface TargetRow extends RouteRow {
  readonly provider: string
}

/** In the order of adding. */
export function listTargets(db: Kysely<Tables>): Promise<TargetRow[]> {
  return db
    .selectFrom('routes')
    .innerJoin('providers', 'providers.id', 'routes.provider_id')
    .select([
      'routes.id',
      'routes.model',
      'routes.provider_id',
      'routes.target_model',
      'routes.weight',
      'routes.tier',
      'routes.origin',
      'routes.created_at',
      'providers.name as provider',
    ])
    .orderBy('routes.seq')
    .execute()
}

/** In the order in which their first target was added. */
export async function readRoutes(db: Kysely<Tables>): Promise<Route[]> {
  return routesOf(await listTargets(db))
}

export function routesOf(rows: readonly TargetRow[]): Route[] {
  const routes = new Map<string, Target[]>()
  for (const row of rows) {
    const targets = routes.get(row.model)
    if (targets) targets.push(targetOf(row))
    else routes.set(row.model, [targetOf(row)])
  }
  return [...routes].map(([model, targets]) => ({ model, targets }))
}

/** The rows of one route. @throws BalanceError no_such, naming the nearest there is */
export function rowsOf(rows: readonly TargetRow[], model: string): TargetRow[] {
  const found = rows.filter(row => row.model === model)
  if (found.length > 0) return found
  const near = nearest(
    String(model),
    rows.map(row => row.model),
  )
  throw new BalanceError('no_such', `There is no route "${printable(String(model), 80)}".`, {
    hint: near ? `Did you mean ${near}?` : 'See balance routes list.',
  })
}

export function placeOf(row: TargetRow): TargetPlace {
  return { provider: row.provider, model: row.target_model === '' ? null : row.target_model }
}

/** For the audit. */
export function describeTarget(row: TargetRow): unknown {
  return { id: row.id, ...placeOf(row), weight: row.weight, tier: row.tier }
}

function targetOf(row: TargetRow): Target {
  return {
    id: row.id,
    ...placeOf(row),
    weight: row.weight,
    tier: row.tier,
    origin: row.origin,
    createdAt: row.created_at,
  }
}
