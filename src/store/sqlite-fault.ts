import { BalanceError } from '../base/errors.ts'

/** Whether somebody else holds the lock that is needed. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error))
}

/** An error of SQLite or of the file system, as one of ours; what is neither stays what it is. */
export function sqliteFault(error: unknown, path: string): unknown {
  if (error instanceof BalanceError) return error
  const code = codeOf(error)
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return new BalanceError('store_invalid', `${path} is no database, or is damaged.`, {
      cause: error,
      hint: `Restore it from a backup, or move it away to begin a new store: mv ${path} ${path}.damaged`,
    })
  }
  const fault = FAULTS.find(([pattern]) => pattern.test(code))
  if (!fault) return error
  const [, what, hint] = fault
  return new BalanceError('store_unavailable', `${path} ${what} (${code}).`, { cause: error, hint })
}

const FAULTS: readonly (readonly [RegExp, string, string])[] = [
  [/^SQLITE_(BUSY|LOCKED)/, 'is locked by another process', 'Try again when that has ended.'],
  [/^(SQLITE_FULL|ENOSPC|EDQUOT)/, 'is full, or its disk is', 'Make room on its disk.'],
  [
    /^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EACCES|EPERM|EROFS|EISDIR|ENOTDIR|ELOOP)/,
    'cannot be opened and written',
    'Run the command as the owner of the store, or name another with --store.',
  ],
  [/^(SQLITE_(IOERR|PROTOCOL|NOMEM)|E[A-Z]+$)/, 'cannot be reached', 'See to its disk.'],
]

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}
