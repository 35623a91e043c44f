import { Secret } from '../../base/secret.ts'
import type { Declared, DeclaredProxy } from '../../model/declared.ts'
import { proxyNamed } from '../../model/proxy-named.ts'
import { isOutdated, openDeclaredPassword } from '../declared-vault.ts'
import type { StoreParts } from '../parts.ts'
import { deleteProxy, insertProxy, updateProxy } from '../proxies.ts'
import { listProxies } from '../proxy-rows.ts'
import { type ProxyUser, usersOf } from '../proxy-users.ts'
import type { ProxyRow } from '../tables.ts'
import type { KeyParts } from './key-pairs.ts'
import { declaredStep, type Fields, removingStep, type Step } from './step.ts'

type ProxyParts = Pick<KeyParts, 'db' | 'vault' | 'declared'>

/**
 * Steps of proxies: of those that are declared, and of those that a file has let go of.
 * @param users what will be dialled through proxies; those that they name must stay
 */
export async function proxySteps(
  parts: ProxyParts,
  users: readonly ProxyUser[],
): Promise<{ readonly declared: Step[]; readonly letGo: Step[] }> {
  const rows = await listProxies(parts.db)
  const given = parts.declared.proxies ?? []
  const steps: Step[] = []
  for (const proxy of given) {
    steps.push(await declaredProxy(parts, proxy, rows.find(row => row.name === proxy.name) ?? null))
  }
  const names = new Set(given.map(({ name }) => name))
  const letGo = rows
    .filter(row => row.origin === 'file' && !names.has(row.name))
    .map(row =>
      removingStep({
        kind: 'proxy',
        name: row.name,
        names: [row.name, row.id],
        holder: row.origin,
        blocked: blockedBy(usersOf(users, row.name)),
        fields: fieldsOf(row),
        run: made => deleteProxy(made, row),
      }),
    )
  return { declared: steps, letGo }
}

function blockedBy([first]: readonly ProxyUser[]): string | null {
  return first === undefined ? null : `${first.name} names it`
}

async function declaredProxy(
  { db, vault, declared }: ProxyParts,
  proxy: DeclaredProxy,
  row: ProxyRow | null,
): Promise<Step> {
  const { name, url, enabled, password, place } = proxy
  const same = row !== null && (await isSame({ db, declared }, row, password))
  const shown = row !== null && same ? passwordOf(row) : shownValue(password)
  return declaredStep({
    kind: 'proxy',
    name,
    names: row === null ? [name] : [name, row.id],
    place,
    present: row ? { fields: fieldsOf(row), origin: row.origin } : null,
    after: { url, enabled, password: shown },
    async run(made) {
      const value = await clearOf(made, vault, declared, proxy)
      if (row === null) {
        // As it was sealed, so that an export of this store is the same file again.
        const as = isSealed(password)
          ? { id: password.id, sealed: Buffer.from(password.sealed, 'base64') }
          : undefined
        await insertProxy(made, vault, { name, url, password: value }, enabled, 'file', as)
        return
      }
      const now = proxyNamed(await listProxies(made.db), row.id)
      const change = { url, enabled, ...(same ? {} : { password: value }) }
      await updateProxy(made, vault, now, change, 'file')
    },
    adopt: async made => {
      await made.db
        .updateTable('proxies')
        .set({ origin: 'file' })
        .where('id', '=', row?.id ?? '')
        .execute()
    },
  })
}

async function isSame(
  { db, declared }: Pick<KeyParts, 'db' | 'declared'>,
  row: ProxyRow,
  password: DeclaredProxy['password'],
): Promise<boolean> {
  if (password === null) return row.reference === null && row.sealed === null
  if (password instanceof Secret) return row.reference === password.reveal()
  const bytes = Buffer.from(password.sealed, 'base64')
  return row.sealed?.equals(bytes) || isOutdated(db, row, password, declared.vault)
}

function clearOf(
  made: Parameters<Step['run']>[0],
  vault: StoreParts['vault'],
  { vault: declared }: Declared,
  { name, url, password, place }: DeclaredProxy,
): Promise<Secret | null> {
  if (!isSealed(password)) return Promise.resolve(password)
  return openDeclaredPassword(made, vault, declared, { value: password, place }, { name, url })
}

function isSealed(
  password: DeclaredProxy['password'],
): password is Exclude<DeclaredProxy['password'], Secret | null> {
  return password !== null && !(password instanceof Secret)
}

function fieldsOf(row: ProxyRow): Fields {
  return { url: row.url, enabled: row.enabled === 1, password: passwordOf(row) }
}

function passwordOf({ reference, sealed }: ProxyRow): string | null {
  return reference ?? (sealed === null ? null : '…')
}

/** A reference; of a sealed one nothing. */
function shownValue(password: DeclaredProxy['password']): string | null {
  if (password === null) return null
  return password instanceof Secret ? password.reveal() : 'sealed'
}
