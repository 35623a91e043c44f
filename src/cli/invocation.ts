import { relative } from 'node:path'

/**
 * What to type to run this program again, as it was typed this time: `balance`, `npx balance`, or
 * `node bin/balance.js`.
 * @param script the path node was given, links not resolved
 */
export function invocationOf(script: string, cwd: string): string {
  if (/[\\/](_npx|node_modules[\\/]\.bin)[\\/]/.test(script)) return 'npx balance'
  return script.endsWith('.js') ? `node ${relative(cwd, script)}` : 'balance'
}
