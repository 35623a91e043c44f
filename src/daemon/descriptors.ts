import { readFileSync } from 'node:fs'

/** Where the system does not tell: what a process may usually have open at least. */
const USUAL = 1_024

/** How many descriptors this process may have open (getrlimit(2), RLIMIT_NOFILE); Node has raised it as far as it may. */
export function descriptorLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(limits) ?? []
    return soft === 'unlimited' ? 2 ** 20 : Number(soft) || USUAL
  } catch {
    return USUAL
  }
}
