import { checkProxiesSaid } from '../model/proxy-named.ts'
import { parseSetting } from '../model/settings.ts'
import type { Store } from '../model/store.ts'

/**
 * Whether all proxies that a key is given are there, before a secret is asked for in vain.
 * @throws BalanceError no_such, invalid_value
 */
export async function checkProxies(store: Store, given: string | null | undefined): Promise<void> {
  if (typeof given !== 'string') return
  checkProxiesSaid(await store.proxies(), parseSetting('proxy', given))
}
