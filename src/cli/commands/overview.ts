import type { Command } from 'commander'
import { type Overview, RANGES, type Range } from '../../control/operations/overview.ts'
import { formatCount, formatShare } from '../amount.ts'
import { keyColor } from '../columns/key.ts'
import { worstKeyColumns } from '../columns/worst-key.ts'
import { oneOf } from '../option-values.ts'
import type { Output } from '../output.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'
import { card, type Field } from '../table.ts'

export function define(command: Command, run: Run): void {
  command
    .option('--range <range>', RANGES.join(', '), oneOf('--range', RANGES), '24h')
    .addHelpText('after', HELP)
    .action(run(overview))
}

const HELP = `
A running daemon is asked. With --json there is a row for each minute or hour too. Failed
attempts are counted by what the upstream said: a request that succeeded later is none of
the errors, and still has them.

Examples:
  $ balance overview
  $ balance overview --range 1h --json | jq -r '.worst_keys[] | [.label,.rate_limited] | @tsv'`

async function overview(session: Session, { range }: { range: Range }): Promise<void> {
  const daemon = await session.requireDaemon()
  const told = await daemon.call('overview', { range })
  const { out } = session
  out.show(told, () => {
    const parts = [card(fieldsOf(told, out))]
    if (told.worst_keys.length > 0) {
      parts.push(out.table(worstKeyColumns(out.paint), told.worst_keys))
    }
    return parts.join('\n\n')
  })
  if (told.worst_keys.length === 0) out.say('No attempt failed.')
}

function fieldsOf({ range, totals, keys, series }: Overview, { paint }: Output): Field[] {
  const { requests, errors, prompt_tokens: prompt, completion_tokens: completion } = totals
  const last = series.findLast(({ ttft_ms: ms }) => ms !== null)?.ttft_ms ?? null
  const states = Object.entries(keys).filter(([, count]) => count > 0)
  return [
    ['last', range],
    ['requests', `${formatCount(requests)}, ${formatShare(errors, requests)}% errors`],
    ['tokens', `${formatCount(prompt)} in, ${formatCount(completion)} out`],
    ['first token', last === null ? null : `${Math.round(last)} ms, the latest median`],
    ...states.map(
      ([state, count]): Field => [
        `keys ${state}`,
        formatCount(count),
        keyColor(paint, state as keyof typeof keys),
      ],
    ),
  ]
}
