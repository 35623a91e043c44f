import type { BalanceError } from '../base/errors.ts'
import type { Report } from './report.ts'

/** What the bench tells `balance bench`, which started it. */
export type Told =
  | { readonly progress: string }
  | { readonly report: Report; readonly text: string }
  | { readonly error: Pick<BalanceError, 'code' | 'message' | 'hint'> }

/**
 * Entry of the bench, and of the processes that it starts of itself. `balance bench` runs it with
 * its own options and shows what it tells.
 */
const [role = '', ...rest] = process.argv.slice(2)
if (role === 'upstream') await (await import('./upstream.ts')).runUpstream()
else if (role === 'load') (await import('./load.ts')).runLoad()
else if (role === 'probe') (await import('./probe.ts')).runProbe()
else if (role === 'yardstick') (await import('./yardstick.ts')).runYardstick()
else if (role === 'bare') {
  const [json, paced] = rest.map(Number)
  await (await import('./bare.ts')).runBare({ json: json ?? 0, paced: paced ?? 0 })
} else if (role === 'run' && process.send) await (await import('./main.ts')).main(rest)
else {
  process.stderr.write('error: This is a part of balance bench.\nRun that: balance bench --help\n')
  process.exitCode = 2
}
