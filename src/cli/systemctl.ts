import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { BalanceError } from '../base/errors.ts'
import type { Scope } from './unit.ts'

const execute = promisify(execFile)

/** What the units are called. */
export const UNITS = ['balance.socket', 'balance.service'] as const

/** Whether this host was booted with systemd: sd_booted(3). */
export function systemdRuns(): boolean {
  return existsSync('/run/systemd/system')
}

/** What it prints. @throws BalanceError failed, with what it complains of */
export async function systemctl(scope: Scope, ...args: readonly string[]): Promise<string> {
  const line = systemctlLine(scope, ...args)
  try {
    const [command, ...rest] = line
    const { stdout } = await execute(command as string, rest)
    return stdout
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    throw new BalanceError('failed', `${line.join(' ')}: ${stderr?.trim() || message}`, {
      cause: error,
      hint: `See ${journalLine(scope)}`,
    })
  }
}

export function systemctlLine(scope: Scope, ...args: readonly string[]): string[] {
  return ['systemctl', ...(scope === 'user' ? ['--user'] : []), ...args]
}

export function journalLine(scope: Scope): string {
  return `journalctl ${scope === 'user' ? '--user ' : ''}-u balance`
}

/** Whether it is there and ended well. */
export async function runQuietly(command: string, args: readonly string[]): Promise<boolean> {
  try {
    await execute(command, [...args])
    return true
  } catch {
    return false
  }
}
