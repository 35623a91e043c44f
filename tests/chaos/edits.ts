import { Secret } from '../../src/base/secret.ts'
import type { Store } from '../../src/model/store.ts'
import type { World } from '../support/daemon.ts'

/** One change of one thing: what it shall be. */
interface Edit {
  readonly kind: 'key' | 'token' | 'setting'
  readonly name: string
  readonly value: string
}

/** By whom changes are made: by the verbs of a store opened here, or by commands of the binary. */
export type Hand = 'store' | 'command'

/** Changes a store without end, and remembers what was acknowledged: that must be found again. */
export class Edits {
  readonly #world: World
  /** Thing → what it may be: one value once a change was acknowledged, several where that is not known. */
  readonly #may = new Map<string, Set<string>>()
  #turn = 0
  acknowledged = 0
  /** What commands said that ended by themselves, and badly. */
  readonly refused: string[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Makes changes one after the other until it is told to stop. */
  async keep(hand: Hand, signal: AbortSignal): Promise<void> {
    const store = hand === 'store' ? await this.#world.openStore() : null
    try {
      while (!signal.aborted) await this.#turnOf(store, signal)
    } finally {
      await store?.close()
    }
  }

  /** What the store does not say as it was acknowledged. */
  async lost(store: Store): Promise<string[]> {
    const found = await readThings(store)
    const lost: string[] = []
    for (const [thing, may] of this.#may) {
      const is = found.get(thing) ?? 'gone'
      if (!may.has(is)) lost.push(`${thing} is ${is}, not ${[...may].join(' or ')}`)
      this.#may.set(thing, new Set([is]))
    }
    return lost
  }

  async #turnOf(store: Store | null, signal: AbortSignal): Promise<void> {
    for (const edit of editsOf(this.#turn++)) {
      if (signal.aborted) return
      const thing = `${edit.kind} ${edit.name}`
      const before = this.#may.get(thing) ?? ['gone']
      this.#may.set(thing, new Set([...before, edit.value]))
      const done = store ? await byStore(store, edit) : await this.#byCommand(edit)
      // One that was killed on its way may have done it or not; what builds on it is left out.
      if (!done) return
      this.#may.set(thing, new Set([edit.value]))
      this.acknowledged++
      // The loop is also the clients' and the provider's.
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }

  async #byCommand(edit: Edit): Promise<boolean> {
    const { args, stdin } = commandOf(edit)
    const { code, signal, stderr } = await this.#world.balance(args, stdin)
    if (code !== 0 && signal === null) this.refused.push(`${args.join(' ')}: ${stderr}`)
    return code === 0
  }
}

/** A key and a token come, change and go; those of every fourth turn stay. */
function editsOf(turn: number): Edit[] {
  const name = `edit-${turn}`
  const coming: Edit[] = [
    { kind: 'key', name, value: 'enabled' },
    { kind: 'token', name, value: 'there' },
    { kind: 'setting', name: 'max_retries', value: String(2 + (turn % 50)) },
    { kind: 'key', name, value: 'disabled' },
  ]
  if (turn % 4 === 0) return coming
  return [...coming, { kind: 'token', name, value: 'gone' }, { kind: 'key', name, value: 'gone' }]
}

function commandOf({ kind, name, value }: Edit): { args: string[]; stdin: string } {
  if (kind === 'setting') return { args: ['config', 'set', name, value], stdin: '' }
  if (kind === 'token') {
    const create = value === 'there'
    return {
      args: create ? ['tokens', 'create', name, '--json'] : ['tokens', 'revoke', name, '--yes'],
      stdin: '',
    }
  }
  if (value === 'enabled')
    return { args: ['keys', 'add', 'mock', '--label', name], stdin: secretOf(name) }
  const args = value === 'gone' ? ['keys', 'remove', name, '--yes'] : ['keys', 'disable', name]
  return { args, stdin: '' }
}

async function byStore(store: Store, { kind, name, value }: Edit): Promise<true> {
  if (kind === 'setting') await store.setSetting('max_retries', Number(value))
  else if (kind === 'token') {
    if (value === 'there') await store.createToken({ name })
    else await store.revokeToken(name)
  } else if (value === 'enabled') {
    await store.addKeys('mock', [{ value: new Secret(secretOf(name)), label: name }])
  } else {
    const { id } = await store.key(name)
    if (value === 'gone') await store.removeKeys([id])
    else await store.changeKey(id, { enabled: false })
  }
  return true
}

function secretOf(name: string): string {
  return `sk-${name}-0123456789abcdef`
}

async function readThings(store: Store): Promise<Map<string, string>> {
  const things = new Map<string, string>()
  for (const { label, enabled } of await store.keys()) {
    things.set(`key ${label}`, enabled ? 'enabled' : 'disabled')
  }
  for (const { name } of await store.tokens()) things.set(`token ${name}`, 'there')
  for (const { name, value, origin } of await store.settings()) {
    if (origin !== 'default') things.set(`setting ${name}`, String(value))
  }
  return things
}
