import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { LoadedConfig } from '../model/config.ts'
import type { Actor } from '../model/store.ts'
import type { StoreOptions } from './open.ts'

/** How the store of this configuration is opened, by whom. */
export function storeOptions(config: LoadedConfig, clock: Clock, actor: Actor): StoreOptions {
  const { masterKey, references, storePassword } = config.environment
  return {
    url: config.store,
    dataDir: config.dataDir,
    configDir: config.file === null ? null : dirname(config.file),
    env: {
      credentialsDirectory: masterKey.credentialsDirectory,
      masterKeyFile: masterKey.file,
      masterKey: masterKey.value,
      mysqlPassword: config.store.startsWith('sqlite:') ? null : (storePassword?.read() ?? null),
      variables: references.variables,
    },
    etcMasterKey: masterKey.etcFile,
    clock,
    actor,
  }
}
