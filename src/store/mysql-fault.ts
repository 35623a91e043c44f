import { BalanceError } from '../base/errors.ts'

/** An error of mysql2 or of the network, as one of ours; what is neither stays what it is. */
export function mysqlFault(error: unknown, url: string): unknown {
  if (error instanceof BalanceError) return error
  const { code = '', fatal = false } = (error ?? {}) as { code?: string; fatal?: boolean }
  const fault = FAULTS.find(([pattern]) => pattern.test(code))
  if (!fault && !fatal) return error
  const [, what, hint] = fault ?? CONNECTION
  const reason = code === '' ? '' : ` (${code})`
  return new BalanceError('store_unavailable', `${url} ${what}${reason}.`, { cause: error, hint })
}

type Fault = readonly [codes: RegExp, what: string, hint: string]

const CONNECTION: Fault = [
  /^(E[A-Z]+$|EAI_|PROTOCOL_|ER_CON_COUNT|ER_SERVER_SHUTDOWN|ER_NEW_ABORTING|ER_TOO_MANY_USER)/,
  'does not answer',
  'See that the server runs and can be reached from here.',
]

const FAULTS: readonly Fault[] = [
  CONNECTION,
  [
    /^(ER_ACCESS_DENIED|ER_DBACCESS_DENIED|ER_TABLEACCESS_DENIED|ER_NOT_SUPPORTED_AUTH)/,
    'refuses this user',
    'Check the user of the store URL, its grants, and the password in BALANCE_STORE_PASSWORD.',
  ],
  [/^ER_BAD_DB/, 'is not there', 'Create the database first.'],
  [
    /^ER_(LOCK_|QUERY_INTERRUPTED|QUERY_TIMEOUT|STATEMENT_TIMEOUT)/,
    'is locked by another process',
    'Try again when that has ended.',
  ],
  [/^ER_(DISK_FULL|RECORD_FILE_FULL)/, 'is full', 'Make room on its disk.'],
  [
    /^ER_(OPTION_PREVENTS_STATEMENT|READ_ONLY|CANT_EXECUTE_IN_READ_ONLY)/,
    'is read-only',
    'Name the server that takes writes.',
  ],
]
