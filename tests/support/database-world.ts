import { Secret } from '../../src/base/secret.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore } from '../../src/store/open.ts'
import { type Program, World } from './daemon.ts'
import type { Mariadb } from './mariadb.ts'
import { storeOptions } from './store.ts'

/** A MariaDB, or what stands before it. */
type Server = Pick<Mariadb, 'port' | 'url'> & { readonly password: string }

/** Surroundings whose store is a database on a MariaDB; several of them may share one. */
export class DatabaseWorld extends World {
  readonly #server: Server
  readonly #database: string
  readonly #masterKey: string

  /** @param masterKey 32 bytes in base64, the same for all that share the database */
  constructor(server: Server, database: string, masterKey: string) {
    super()
    this.#server = server
    this.#database = database
    this.#masterKey = masterKey
    this.env.BALANCE_STORE_PASSWORD = server.password
    this.env.BALANCE_MASTER_KEY = masterKey
  }

  override start(args: readonly string[]): Program {
    const url = `mysql://balance@127.0.0.1:${this.#server.port}/${this.#database}`
    return super.start([...args, '--store', url])
  }

  override openStore(): Promise<Store> {
    const options = storeOptions(this.dataDir)
    const env = { ...options.env, masterKey: new Secret(this.#masterKey) }
    return openStore({ ...options, env, url: this.#server.url(this.#database) })
  }
}
