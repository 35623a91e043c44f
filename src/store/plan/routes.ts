import type { Declared, DeclaredTarget } from '../../model/declared.ts'
import { spellTarget, type TargetPlace } from '../../model/route-fields.ts'
import { placeOf, type TargetRow } from '../route-rows.ts'
import { dropTargets, putTargets } from '../routes.ts'
import { declaredStep, removingStep, type Step } from './step.ts'

/** Steps of the targets that are declared; a target without weight or tier has those of a new one. */
export function targetSteps(rows: readonly TargetRow[], declared: Declared): Step[] {
  return (declared.routes ?? []).flatMap(({ model, targets }) =>
    targets.map(given => targetStep(rows, model, { weight: 1, tier: 1, ...given })),
  )
}

/** Steps of all that is not declared, whoever owns it. */
export function otherTargets(rows: readonly TargetRow[], declared: Declared): Step[] {
  const names = new Set(
    (declared.routes ?? []).flatMap(({ model, targets }) =>
      targets.map(target => nameOf(model, target)),
    ),
  )
  return rows
    .filter(row => !names.has(nameOf(row.model, placeOf(row))))
    .map(row =>
      removingStep({
        kind: 'route',
        name: nameOf(row.model, placeOf(row)),
        names: [row.model],
        holder: row.origin,
        fields: { weight: row.weight, tier: row.tier },
        run: async made => void (await dropTargets(made, row.model, [placeOf(row)])),
      }),
    )
}

function targetStep(rows: readonly TargetRow[], model: string, given: DeclaredTarget): Step {
  const name = nameOf(model, given)
  const row = rows.find(row => nameOf(row.model, placeOf(row)) === name)
  return declaredStep({
    kind: 'route',
    name,
    names: [model],
    place: given.place,
    present: row ? { fields: { weight: row.weight, tier: row.tier }, origin: row.origin } : null,
    after: { weight: given.weight, tier: given.tier },
    run: async made => void (await putTargets(made, model, [given], 'file')),
    adopt: async ({ db }) => {
      await db
        .updateTable('routes')
        .set({ origin: 'file' })
        .where('id', '=', row?.id ?? '')
        .execute()
    },
  })
}

/** No model of a route has a blank in it. */
function nameOf(model: string, place: TargetPlace): string {
  return `${model} -> ${spellTarget(place)}`
}
