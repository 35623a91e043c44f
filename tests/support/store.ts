import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import type { Store } from '../../src/model/store.ts'
import { openStore, type StoreOptions } from '../../src/store/open.ts'

export interface TemporaryStore {
  readonly store: Store
  /** To open the same store once more. */
  readonly options: StoreOptions
  readonly folder: string
  /** Closes the store and removes its folder. */
  remove(): Promise<void>
}

/** A fresh SQLite store in a folder of its own, opened in this thread. */
export async function temporaryStore(
  overrides: Partial<StoreOptions> = {},
): Promise<TemporaryStore> {
  const folder = mkdtempSync(join(tmpdir(), 'bal-store-'))
  const options = { ...storeOptions(folder), ...overrides }
  const store = await openStore(options)
  return {
    store,
    options,
    folder,
    async remove() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Options of a SQLite store in `folder`, which nothing of this host reaches. */
export function storeOptions(folder: string): StoreOptions {
  return {
    url: `sqlite:${join(folder, 'balance.db')}`,
    dataDir: folder,
    configDir: null,
    env: {
      credentialsDirectory: null,
      masterKeyFile: null,
      masterKey: null,
      mysqlPassword: null,
      variables: {},
    },
    clock: systemClock,
    actor: { who: 'tester@host', what: 'balance test' },
    etcMasterKey: join(folder, 'etc-master-key'),
  }
}
