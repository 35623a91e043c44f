import type { Operator } from '../../control/api.ts'
import type { ROUTES } from '../../control/operations/routes.ts'
import { targetShapes } from '../../control/shapes/target.ts'
import type { TargetPlace } from '../../model/route-fields.ts'
import type { Store } from '../../model/store.ts'
import { make } from './changes.ts'
import type { OperationParts } from './parts.ts'

export function routeOperations(parts: OperationParts): Pick<Operator, keyof typeof ROUTES> {
  const { store } = parts
  return {
    async 'routes.list'() {
      return (await store.routes()).flatMap(targetShapes)
    },

    'routes.add': (input, caller) => {
      const targets = input.to.map(({ model = null, ...target }) => ({ ...target, model }))
      const add = (as: Store) => as.addTargets(input.model, targets)
      return make(parts, 'routes.add', input, caller, add, route => ({
        targets: targetShapes(route),
      }))
    },

    async 'routes.remove'(input, caller) {
      const { model, to } = input
      const { targets } = await store.route(model)
      const remove = (as: Store) =>
        to === undefined
          ? as.removeRoute(model).then(() => null)
          : as.removeTargets(model, placesOf(to))
      return make(parts, 'routes.remove', input, caller, remove, route => {
        const left = route?.targets.length ?? 0
        return { removed: model, targets: targets.length - left, left }
      })
    },
  }
}

interface GivenPlace {
  readonly provider: string
  readonly model?: string | null
}

function placesOf(given: readonly GivenPlace[]): TargetPlace[] {
  return given.map(({ provider, model = null }) => ({ provider, model }))
}
