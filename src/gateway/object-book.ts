import type { ObjectName, StoredObject } from '../model/object.ts'

/** Objects that are remembered, by their ids; beyond the bound those go that were not asked for longest. */
export class ObjectBook {
  readonly #most: number
  /** Vendors may give the same id to different objects. */
  readonly #byId = new Map<string, readonly StoredObject[]>()

  /** @param most ids */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#byId.size
  }

  /** Those of this id, one of a provider. */
  of(id: string): readonly StoredObject[] {
    const known = this.#byId.get(id)
    if (known === undefined) return NONE
    this.#byId.delete(id)
    this.#byId.set(id, known)
    return known
  }

  /** Who made an object first stays its maker: what tells of it later is an answer about it. */
  put(object: StoredObject): void {
    const known = this.of(object.id)
    const first = known.find(({ providerId }) => providerId === object.providerId)
    const usedAt = Math.max(object.usedAt, first?.usedAt ?? 0)
    const others = known.filter(other => other !== first)
    this.#byId.set(object.id, [...others, { ...(first ?? object), usedAt }])
    if (this.#byId.size <= this.#most) return
    const [oldest] = this.#byId.keys()
    this.#byId.delete(oldest as string)
  }

  forget({ id, providerId }: ObjectName): void {
    const others = this.#byId.get(id)?.filter(object => object.providerId !== providerId) ?? NONE
    if (others.length === 0) this.#byId.delete(id)
    else this.#byId.set(id, others)
  }

  /** The last ones that were put or asked for, the oldest first. */
  newest(most: number): StoredObject[] {
    return [...this.#byId.values()].slice(-most).flat()
  }
}

const NONE: readonly StoredObject[] = []
