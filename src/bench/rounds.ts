import { systemClock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { type Measured, type Round, related, spreads } from './figures.ts'

/** How often, and how long is waited for what is done afterwards. */
export interface Pace {
  readonly rounds: number
  /** Rounds before the first that are not counted. */
  readonly warmUps: number
  /** Longer than records wait before they are stored, ms. */
  readonly settling: number
}

/** Whoever has a turn. */
export interface Player {
  readonly name: string
  /** Somebody else's gateway: where it fails, the others go on. */
  readonly peer: boolean
}

/**
 * Measures the players in turns, one round each, so that whatever else happens on the host happens
 * to all of them.
 * @param what is measured, for errors
 * @param watch one turn more: what can't be looked at without disturbing it, and adds its own figures
 * @throws BalanceError failed: one that is no peer did not answer as it should
 */
export async function measure<P extends Player>(
  what: string,
  { rounds, warmUps }: Pace,
  players: readonly P[],
  play: (player: P) => Promise<Round>,
  watch: (player: P) => Promise<Round> = async () => ({}),
): Promise<Measured[]> {
  const done = new Map(players.map(({ name }) => [name, [] as Round[]]))
  const failed = new Map<string, string>()
  const turnOf = async (each: (player: P) => Promise<Round>) => {
    const turn = new Map<string, Round>()
    for (const player of players) {
      if (failed.has(player.name)) continue
      try {
        turn.set(player.name, await each(player))
      } catch (error) {
        const { message } = error as Error
        if (!player.peer) throw broken(what, player.name, message)
        failed.set(player.name, message)
      }
    }
    return turn
  }
  for (let number = -warmUps; number < rounds; number++) {
    const turn = await turnOf(play)
    if (number >= 0) for (const [name, round] of related(turn)) done.get(name)?.push(round)
  }
  const watched = await turnOf(watch)
  return players.map(({ name }) => ({
    name,
    figures: { ...spreads(done.get(name) ?? []), ...spreads([watched.get(name) ?? {}]) },
    failed: failed.get(name) ?? null,
  }))
}

function broken(what: string, name: string, message: string): BalanceError {
  return new BalanceError('failed', `${what}: ${name} did not answer as it should: ${message}`, {
    hint: `Only this one again: balance bench --quick --only ${what}`,
  })
}

export function settle({ settling }: Pace): Promise<void> {
  return systemClock.sleep(settling)
}
