import { execFileSync } from 'node:child_process'

/** Whether systemd's own commands are here; required where BALANCE_REQUIRE_SYSTEMD is set. */
export const hasSystemd = works('systemd-analyze', '--version') && works('systemd-notify', '--help')

/** Whether we are root and may give a process mounts of its own. */
export const mayMount = process.getuid?.() === 0 && works('unshare', '--mount', 'true')

if (!hasSystemd) {
  const what = 'systemd-analyze and systemd-notify are not installed'
  if (process.env.BALANCE_REQUIRE_SYSTEMD) throw new Error(`${what}, but required.`)
  console.log(`SKIPPED: the tests of the service's units, because ${what}.`)
}
if (!mayMount) {
  const what = 'only root can have mounts of its own'
  if (process.env.BALANCE_REQUIRE_SYSTEMD) throw new Error(`${what}, but that is required.`)
  console.log(`SKIPPED: the tests of an installed service, because ${what}.`)
}

function works(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
