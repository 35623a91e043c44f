/** What is measured of a contender in one round. */
export type Figure =
  /** CPU of all its processes and threads for one request, event or chunk, µs. */
  | 'cpu'
  /** The same as a multiple of what `bare` and `nginx` spent in the same turn. */
  | 'toBare'
  | 'toNginx'
  | 'perSecond'
  /** ms: of the whole answer, or of its first byte; see the scenario. */
  | 'p50'
  | 'p99'
  /** The same, less what the upstream itself took in the same turn. */
  | 'addedP50'
  | 'addedP99'
  /** Attempts that the upstream refused, for one request. */
  | 'refused'
  /** Proportional set size for one open stream, bytes. */
  | 'perStream'
  /** Streams that were open, and those that ended badly. */
  | 'open'
  | 'broken'
  /** ms that the main thread's event loop came late to its timers. */
  | 'loopP99'
  | 'loopMost'
  /** Bytes of its heap taken for one request, event or chunk. */
  | 'allocated'

export type Round = Partial<Record<Figure, number>>

/** One contender's rounds. */
export interface Measured {
  readonly name: string
  readonly figures: Partial<Record<Figure, Spread>>
  /** Why it has no further rounds; only somebody else's gateway may fail. */
  readonly failed: string | null
}

/** Over all rounds. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** What one says of another is taken in the same turn: the host was then as busy for both. */
export function related(turn: ReadonlyMap<string, Round>): Map<string, Round> {
  const [bare, nginx, direct] = ['bare', 'nginx', 'direct'].map(name => turn.get(name))
  return new Map(
    Array.from(turn, ([name, round]) => {
      const found: Round = { ...round }
      put(found, 'toBare', quotient(round.cpu, bare?.cpu))
      put(found, 'toNginx', quotient(round.cpu, nginx?.cpu))
      if (name !== 'direct') {
        put(found, 'addedP50', difference(round.p50, direct?.p50))
        put(found, 'addedP99', difference(round.p99, direct?.p99))
      }
      return [name, found]
    }),
  )
}

function put(round: Round, figure: Figure, value: number | null): void {
  if (value !== null) round[figure] = value
}

/** Null also where so little was spent that the host did not count it. */
function quotient(one: number | undefined, other: number | undefined): number | null {
  return one === undefined || !other ? null : one / other
}

function difference(one: number | undefined, other: number | undefined): number | null {
  return one === undefined || other === undefined ? null : one - other
}

export function spreads(rounds: readonly Round[]): Measured['figures'] {
  const figures = new Set(rounds.flatMap(round => Object.keys(round) as Figure[]))
  return Object.fromEntries(
    Array.from(figures, figure => [
      figure,
      spread(rounds.map(round => round[figure]).filter(value => value !== undefined)),
    ]),
  )
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? 0
  const median = sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? 0) + upper) / 2
  return { median, least: sorted[0] ?? 0, most: sorted[sorted.length - 1] ?? 0 }
}
