import type { Socket } from 'node:net'
import { isLoopbackPeer, networkOf } from '../base/network.ts'

/** Descriptors that are kept for the store, the log, sockets to listen on and to other processes. */
const RESERVED = 128

/**
 * Bounds the connections of clients by the descriptors that this process may have: each needs one, and
 * one more for its request's way to the upstream. One network gets half of them at most, so that nobody
 * takes all; callers on this host, which may be a proxy, get any.
 */
export class ConnectionCap {
  readonly most: number
  readonly mostOfOne: number
  #open = 0
  readonly #byNetwork = new Map<string, number>()

  /** @param descriptors that the process may have open */
  constructor(descriptors: number) {
    this.most = Math.max(16, Math.floor((descriptors - RESERVED) / 2))
    this.mostOfOne = Math.ceil(this.most / 2)
  }

  get open(): number {
    return this.#open
  }

  /** Claims a place until the connection closes; false where there is none. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress
    const network = isLoopbackPeer(address) ? null : networkOf(address ?? '')
    const own = network === null ? 0 : (this.#byNetwork.get(network) ?? 0)
    if (this.#open >= this.most || own >= this.mostOfOne) return false
    this.#open++
    if (network !== null) this.#byNetwork.set(network, own + 1)
    socket.once('close', () => this.#leave(network))
    return true
  }

  #leave(network: string | null): void {
    this.#open--
    if (network === null) return
    const own = (this.#byNetwork.get(network) ?? 1) - 1
    if (own === 0) this.#byNetwork.delete(network)
    else this.#byNetwork.set(network, own)
  }
}
