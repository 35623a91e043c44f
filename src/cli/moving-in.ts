import type { ImportPlan } from '../model/moving/belongings.ts'
import { type Remainder, remainder } from '../model/moving/remainder.ts'
import { IMPORT_COLUMNS } from './columns/import.ts'
import { plural } from './plural.ts'
import { confirm } from './prompts.ts'
import type { Session } from './session.ts'
import { type ImportSources, importShape } from './shapes/import.ts'

export interface MovingOptions {
  readonly dryRun?: true
  readonly yes?: true
}

/**
 * Reports what an import found and what it would change, asks, and writes all of it at once.
 * @param further changes that the caller makes by itself afterwards, in words
 * @returns whether it shall make them
 */
export async function moveIn(
  session: Session,
  sources: ImportSources,
  plan: ImportPlan,
  options: MovingOptions,
  further: readonly string[] = [],
): Promise<boolean> {
  const store = await session.store()
  const { move, changes } = remainder(plan.belongings, await store.catalog())
  const all = [...changes, ...further]
  report(session, sources, plan, all)
  if (all.length === 0) {
    session.out.say('nothing to do: all that can be carried over is here')
    return false
  }
  if (options.dryRun) {
    session.out.say('nothing was written: this was a dry run')
    return false
  }
  await confirm(`Write ${plural(all.length, 'change')}?`, options.yes === true)
  if (changes.length > 0) {
    await store.moveIn(move)
    session.out.say(`written: ${plural(changes.length, 'change')}`)
    await session.inForce()
  }
  return further.length > 0
}

function report(
  { out }: Session,
  sources: ImportSources,
  plan: ImportPlan,
  changes: Remainder['changes'],
): void {
  const told = plan.lines.filter(({ outcome }) => outcome !== 'default')
  const defaults = plan.lines.length - told.length
  out.show(importShape(sources, plan, changes), () =>
    [
      told.length === 0 ? '' : out.table(IMPORT_COLUMNS(out.paint), told),
      changes.length === 0 ? '' : `\nTo do:\n${changes.map(change => `  ${change}`).join('\n')}`,
    ].join('\n'),
  )
  if (defaults > 0)
    out.say(
      `${plural(defaults, 'value')} left out: as there by default, or said twice (--json lists them)`,
    )
  const left = plan.lines.filter(({ outcome }) => outcome === 'not carried over').length
  if (left > 0) out.warn(`not carried over: ${plural(left, 'value')}; see the remarks`)
}
