import type { RowDataPacket } from 'mysql2/promise'
import { mysqlFault } from '../mysql-fault.ts'
import { loginOf } from '../mysql-login.ts'
import type { MysqlAddress } from '../url.ts'
import type { Reader } from './database.ts'

const CONNECT_TIMEOUT = 5_000

/** A connection in whose transactions the server itself refuses to write. */
export async function openMysqlReader(address: MysqlAddress): Promise<Reader> {
  const { createConnection } = await import('mysql2/promise')
  const guarded = async <T>(run: Promise<T>): Promise<T> => {
    try {
      return await run
    } catch (error) {
      throw mysqlFault(error, address.url)
    }
  }
  const connection = await guarded(
    createConnection({
      ...loginOf(address),
      connectTimeout: CONNECT_TIMEOUT,
      // As they are written: which zone they are in is not for this connection to say.
      dateStrings: true,
    }),
  )
  // It is no defect when the server goes away: the next statement says so.
  connection.on('error', () => {})
  await guarded(connection.query('set session transaction read only'))
  const read: Reader['read'] = async (statement, values = []) => {
    const [rows] = await guarded(connection.query<RowDataPacket[]>(statement, [...values]))
    return rows
  }
  return {
    url: address.url,
    quoted: name => `\`${name}\``,
    read,
    tables: async () => (await read('show tables')).map(row => String(Object.values(row)[0])),
    close: () => connection.end(),
  }
}
