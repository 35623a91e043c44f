import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Mariadb } from './mariadb.ts'

/** The text of a command begins here: before it are its length, its number and its kind. */
const TEXT = 5

/**
 * A port of its own in front of a MariaDB, which passes on what is said, and sees when records are
 * about to be committed.
 */
export class DatabaseDoor {
  readonly #behind: Mariadb
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #strike: (() => void) | null = null

  private constructor(behind: Mariadb) {
    this.#behind = behind
    this.#server = createServer(socket => this.#lead(socket))
  }

  static async open(behind: Mariadb): Promise<DatabaseDoor> {
    const door = new DatabaseDoor(behind)
    door.#server.listen(0, '127.0.0.1')
    await once(door.#server, 'listening')
    return door
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get password(): string {
    return this.#behind.password
  }

  url(database: string): string {
    const url = new URL(this.#behind.url(database))
    url.port = String(this.port)
    return url.href
  }

  /** Does something after the server got all of the next records, and before it is told to commit. */
  beforeCommit(strike: () => void): Promise<void> {
    return new Promise(resolve => {
      this.#strike = () => {
        strike()
        resolve()
      }
    })
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #lead(here: Socket): void {
    const there = connect(this.#behind.port, '127.0.0.1')
    let hasRecords = false
    here.on('data', said => {
      const text = said.toString('latin1', TEXT, TEXT + 100)
      if (text.startsWith('insert into exchanges')) hasRecords = true
      if (!/^(commit|rollback)/i.test(text)) return
      if (hasRecords && text.startsWith('commit')) this.#struck()
      hasRecords = false
    })
    here.pipe(there)
    there.pipe(here)
    for (const socket of [here, there]) {
      this.#sockets.add(socket)
      socket.setNoDelay()
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        // What was said before is still passed on.
        for (const other of [here, there]) other.end()
      })
    }
  }

  #struck(): void {
    const strike = this.#strike
    this.#strike = null
    strike?.()
  }
}
