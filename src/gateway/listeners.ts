import { createServer, type Server, Socket } from 'node:net'
import { BalanceError } from '../base/errors.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/** Where to listen: on a socket of our own, or on one that listens already. */
export type Place = Address | GivenSocket

/** A listening socket that a service manager holds too, so that it outlives this process. */
export interface GivenSocket {
  readonly address: Address
  readonly socket: Socket
}

export function hostOf(place: Place): string {
  return 'socket' in place ? place.address.host : place.host
}

/**
 * Connections that wait to be accepted, at most: those of a restart's seconds, and those of a crowd, of which
 * one is accepted in a turn of the loop. Beyond them callers are not told, and try again after a second, then
 * three. The kernel takes less where net.core.somaxconn says so.
 */
const BACKLOG = 4_096

/**
 * Opens what was given, and accepts nothing yet.
 * @param descriptor of a TCP socket
 * @throws BalanceError config_invalid
 */
export function givenSocket(descriptor: number): GivenSocket {
  const socket = opened(descriptor)
  const { address, port } = socket.address() as { address?: string; port?: number }
  if (address === undefined || port === undefined) {
    throw unfit(descriptor, 'is no TCP socket', undefined)
  }
  return { address: { host: address, port }, socket }
}

/** What accepts connections, on as many sockets as there are. */
export class Listeners {
  readonly #take: (socket: Socket) => void
  readonly #paused: boolean
  readonly #servers: Server[] = []

  /** @param pauseOnConnect whether connections come unread, to be handed on */
  constructor(take: (socket: Socket) => void, { pauseOnConnect }: { pauseOnConnect: boolean }) {
    this.#take = take
    this.#paused = pauseOnConnect
  }

  /**
   * Where it listens then, in the order of the places.
   * @throws BalanceError address_in_use, not_permitted, config_invalid
   */
  async listen(places: readonly Place[]): Promise<Address[]> {
    const addresses: Address[] = []
    for (const place of places) addresses.push(await this.#open(place))
    return addresses
  }

  /** Closes our descriptors only: on a given socket connections go on to wait for who has it too. */
  close(): void {
    for (const server of this.#servers) server.close()
  }

  #open(place: Place): Promise<Address> {
    const server = createServer({
      pauseOnConnect: this.#paused,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      noDelay: true,
    })
    server.on('connection', this.#take)
    this.#servers.push(server)
    const given = 'socket' in place
    const { host, port } = given ? place.address : place
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)))
      const listening = () => {
        const address = server.address()
        resolve({
          host,
          port: typeof address === 'object' && address !== null ? address.port : port,
        })
      }
      if (given) server.listen(place.socket, BACKLOG, listening)
      else server.listen(port, host, BACKLOG, listening)
    })
  }
}

function opened(descriptor: number): Socket {
  try {
    return new Socket({ fd: descriptor, readable: false, writable: false })
  } catch (cause) {
    throw unfit(descriptor, 'is no socket', cause)
  }
}

function unfit(descriptor: number, why: string, cause: unknown): BalanceError {
  return new BalanceError(
    'config_invalid',
    `Descriptor ${descriptor}, which was given to listen on, ${why}.`,
    {
      hint: 'Its socket unit needs a line like ListenStream=127.0.0.1:8077.',
      ...(cause === undefined ? {} : { cause }),
    },
  )
}

/** What went wrong with listening, as an operator can mend it. */
function listenError(error: NodeJS.ErrnoException, host: string, port: number): BalanceError {
  if (error.code === 'EADDRINUSE') {
    return new BalanceError('address_in_use', `Another process listens on ${host}:${port}.`, {
      cause: error,
    })
  }
  if (error.code === 'EACCES') {
    return new BalanceError('not_permitted', `Port ${port} needs more rights than this user has.`, {
      cause: error,
      hint: 'Choose one above 1023 with --port.',
    })
  }
  return new BalanceError('config_invalid', `Cannot listen on ${host}:${port}: ${error.message}.`, {
    cause: error,
  })
}
