import type { MysqlAddress } from './url.ts'

/** Where a server is, and as whom and for what it is called, as mysql2 takes it. */
export function loginOf({ socket, host, port, user, password, database }: MysqlAddress) {
  return {
    ...(socket === null ? { host, port } : { socketPath: socket }),
    user,
    password: password?.reveal() ?? '',
    database,
    charset: 'utf8mb4',
  }
}
