import { BalanceError } from '../../base/errors.ts'
import type { Secret } from '../../base/secret.ts'
import type { OriginalFailure, OriginalRequest } from '../../model/moving/original-log.ts'
import { parseStoreUrl } from '../url.ts'

/** The database of an OpenAI Balance or a gemini-balance, which is only ever read. */
export interface OriginalDatabase {
  /** Without any password. */
  readonly url: string
  /** Tells this installation's database from any other, wherever it lies; the same for a copy of it. */
  identity(): Promise<string>
  /** `t_settings`, as it is. */
  settings(): Promise<Map<string, string | null>>
  /** The highest ids, 0 where there is none. */
  heads(): Promise<{ readonly requests: number; readonly failures: number }>
  /** Those after this id, in the order of their ids. */
  requests(after: number, limit: number): Promise<OriginalRequest[]>
  failures(after: number, limit: number): Promise<OriginalFailure[]>
  close(): Promise<void>
}

/** Runs one statement that reads; column names as they are asked for. */
export interface Reader {
  readonly url: string
  /** The name of a column, or a table, as this engine takes any name. */
  quoted(name: string): string
  read(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** Names of all tables. */
  tables(): Promise<string[]>
  close(): Promise<void>
}

/**
 * Opens it for reading.
 * @param url `sqlite:PATH` or `mysql://user@host/database`
 * @throws BalanceError usage, store_unavailable, store_invalid, config_invalid
 */
export async function openOriginal(
  url: string,
  password: Secret | null,
): Promise<OriginalDatabase> {
  const address = parseStoreUrl(url, password)
  const reader =
    address.engine === 'sqlite'
      ? await (await import('./sqlite.ts')).openSqliteReader(address)
      : await (await import('./mysql.ts')).openMysqlReader(address)
  try {
    const tables = await reader.tables()
    if (tables.includes('t_settings')) return new Original(reader, tables)
    throw new BalanceError('store_invalid', `${reader.url} has no table t_settings.`, {
      hint: 'Name the database of OpenAI Balance: data/default_db in its folder, unless SQLITE_DATABASE says otherwise.',
    })
  } catch (error) {
    await reader.close()
    throw error
  }
}

class Original implements OriginalDatabase {
  readonly url: string
  readonly #reader: Reader
  readonly #tables: readonly string[]

  constructor(reader: Reader, tables: readonly string[]) {
    this.url = reader.url
    this.#reader = reader
    this.#tables = tables
  }

  async identity(): Promise<string> {
    const key = this.#reader.quoted('key')
    const rows = await this.#reader.read(
      `select ${key} as name, created_at as time from t_settings order by id limit 3`,
    )
    return rows.map(({ name, time }) => `${name} ${time}`).join('\n')
  }

  async settings(): Promise<Map<string, string | null>> {
    const [key, value] = [this.#reader.quoted('key'), this.#reader.quoted('value')]
    const rows = await this.#reader.read(`select ${key} as name, ${value} as value from t_settings`)
    return new Map(rows.map(({ name, value }) => [textOrNull(name) ?? '', textOrNull(value)]))
  }

  async heads(): Promise<{ readonly requests: number; readonly failures: number }> {
    return {
      requests: await this.#head('t_request_log'),
      failures: await this.#head('t_error_logs'),
    }
  }

  async requests(after: number, limit: number): Promise<OriginalRequest[]> {
    const columns =
      'id, request_time as time, model_name as model, api_key, is_success as success, status_code as status, latency_ms as ms'
    const rows = await this.#after('t_request_log', columns, after, limit)
    return rows.map(row => ({
      id: Number(row.id),
      time: textOrNull(row.time),
      model: textOrNull(row.model),
      key: textOrNull(row.api_key),
      success: Number(row.success) === 1,
      status: countOrNull(row.status),
      ms: countOrNull(row.ms),
    }))
  }

  async failures(after: number, limit: number): Promise<OriginalFailure[]> {
    const columns =
      'id, request_time as time, model_name as model, gemini_key as api_key, error_type as type, error_code as status, error_log as text'
    const rows = await this.#after('t_error_logs', columns, after, limit)
    return rows.map(row => ({
      id: Number(row.id),
      time: textOrNull(row.time),
      model: textOrNull(row.model),
      key: textOrNull(row.api_key),
      type: textOrNull(row.type),
      status: countOrNull(row.status),
      text:
        textOrNull(row.text) ?? (countOrNull(row.status) === null ? textOrNull(row.status) : null),
    }))
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #head(table: string): Promise<number> {
    if (!this.#tables.includes(table)) return 0
    const [row] = await this.#reader.read(`select max(id) as head from ${table}`)
    return Number(row?.head ?? 0)
  }

  async #after(table: string, columns: string, after: number, limit: number) {
    if (!this.#tables.includes(table)) return []
    return this.#reader.read(
      `select ${columns} from ${table} where id > ? order by id limit ${limit}`,
      [after],
    )
  }
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value)
}

function countOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}
