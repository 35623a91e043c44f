import { join } from 'node:path'
import Sqlite, { type Database } from 'better-sqlite3'
import { afterEach, beforeEach, describe, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { count } from '../support/count.ts'
import { eventually, World } from '../support/daemon.ts'
import { canMount, SmallDiskWorld } from '../support/small-disk.ts'
import { outlast } from './trouble.ts'

const HOLD_MS = count(5, 60) * 1_000
/** Enough for all records of the test, and what SQLite keeps beside them. */
const DISK_MB = 64

let mock: Mock
let world: World
let locks: Lock[] = []

beforeEach(async () => {
  mock = await startMock({ tokens: 4 })
})
afterEach(async () => {
  for (const lock of locks) lock.close()
  locks = []
  await world.remove()
  await mock.close()
})

/** Another process's write lock on one file of the store. */
class Lock {
  // It must not wait for the daemon's own writes: that would stop this process's loop.
  readonly #file: Database

  constructor(path: string) {
    this.#file = new Sqlite(path, { timeout: 0, fileMustExist: true })
  }

  async take(): Promise<void> {
    await eventually(() => this.#tryToTake(), `a lock on ${this.#file.name}`)
  }

  release(): void {
    if (this.#file.inTransaction) this.#file.exec('rollback')
  }

  close(): void {
    this.#file.close()
  }

  #tryToTake(): boolean {
    try {
      this.#file.exec('begin immediate')
      return true
    } catch (error) {
      if ((error as { code?: string }).code === 'SQLITE_BUSY') return false
      throw error
    }
  }
}

describe('a daemon under load serves on, tells of it and loses no record', () => {
  it('while another process holds the lock of both files', async ({ annotate }) => {
    world = new World()
    const trouble = {
      named: /is locked by another process/,
      begin: async () => {
        locks = ['balance.db', 'balance-log.db'].map(name => new Lock(join(world.dataDir, name)))
        for (const lock of locks) await lock.take()
      },
      end: async () => {
        for (const lock of locks) lock.release()
      },
    }
    await outlast(world, mock.url, trouble, { holdMs: HOLD_MS, annotate })
  })

  it.runIf(canMount)('while the disk is full', async ({ annotate }) => {
    const small = new SmallDiskWorld(DISK_MB)
    world = small
    const trouble = {
      named: /is full/,
      begin: () => small.fill(),
      end: () => small.free(),
    }
    await outlast(world, mock.url, trouble, { holdMs: HOLD_MS, annotate })
  })
})
