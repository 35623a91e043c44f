import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'

/** How names below `.invalid` (RFC 6761) fail to be looked up; of `silent.invalid` nothing is ever heard. */
const FAILURES: Readonly<Record<string, { code: string; syscall: string }>> = {
  'enotfound.invalid': { code: 'ENOTFOUND', syscall: 'getaddrinfo' },
  'eai-again.invalid': { code: 'EAI_AGAIN', syscall: 'getaddrinfo' },
  'emfile.invalid': { code: 'EMFILE', syscall: 'getaddrinfo' },
  'econnreset.invalid': { code: 'ECONNRESET', syscall: 'connect' },
}

type Done = (error: Error | null, address?: unknown, family?: number) => void

/**
 * Stands in for the system's resolver, whose answers depend on the host that tests run on.
 * @returns what undoes it
 */
export function fakeNames(): () => void {
  const real = dns.lookup
  const lookup = (name: string, options: unknown, done: Done): void => {
    if (name === 'silent.invalid') return
    const failure = FAILURES[name]
    if (failure === undefined) Reflect.apply(real, dns, [name, options, done])
    else done(Object.assign(new Error(`${failure.syscall} ${failure.code} ${name}`), failure))
  }
  replace(lookup as typeof dns.lookup)
  return () => replace(real)
}

/** For those too that imported it by name. */
function replace(lookup: typeof dns.lookup): void {
  dns.lookup = lookup
  syncBuiltinESMExports()
}
