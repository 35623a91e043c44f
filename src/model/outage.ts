import type { BreakerWord, Catalog, Opening, ProviderMemory } from './catalog.ts'
import type { OpenBreakers } from './key-status.ts'

/** Clients may ask for any model they can think of: of so many per provider a word is kept. */
const MOST_WORDS = 256

/**
 * What two say of a provider, as one. Of a newer generation one word alone counts. Otherwise the later
 * word of each breaker holds, be it that it opened or closed, and a breaker of which one says nothing
 * is as the other says. So all who have heard the same words agree, in whatever order they came and
 * however often: nothing is lost, nobody closes what he does not know of, and nothing flaps.
 *
 * Whoever speaks of a breaker sets its time after the word that he knew, so that hosts whose clocks
 * differ still answer each other in order.
 */
export function mergeOutages(known: ProviderMemory, told: ProviderMemory): ProviderMemory {
  if (told.generation !== known.generation) {
    return told.generation > known.generation ? told : known
  }
  const breakers = { ...known.breakers, ...Object.fromEntries(newsIn(told, known)) }
  return { ...known, breakers: latest(breakers) }
}

/** The words that are later than those known under the same generation, by model. */
export function newsIn(told: ProviderMemory, known: ProviderMemory): [string, BreakerWord][] {
  return Object.entries(told.breakers).filter(
    ([model, word]) =>
      !Object.hasOwn(known.breakers, model) || isLater(word, known.breakers[model] as BreakerWord),
  )
}

/** Adds what was told to what is known, by provider id. */
export function addOutages(
  known: Map<string, ProviderMemory>,
  told: readonly ProviderMemory[],
): void {
  for (const memory of told) {
    const before = known.get(memory.providerId)
    known.set(memory.providerId, before ? mergeOutages(before, memory) : memory)
  }
}

/** What is left of an opening at the wall time `wall` (ms); a clock set back adds nothing. */
export function openingAt({ at, opening }: BreakerWord, wall: number): Opening | null {
  if (opening === null) return null
  return { ...opening, remaining: Math.max(0, opening.remaining - Math.max(0, wall - at)) }
}

/** The breakers of which is known, with no gateway to be asked, that their time still runs. */
export function rememberedBreakers(
  { providers, outages }: Pick<Catalog, 'providers' | 'outages'>,
  wall: number,
): OpenBreakers {
  const names = new Map(providers.map(({ id, name }) => [id, name]))
  return new Map(
    outages.map(({ providerId, breakers }) => {
      const open = Object.entries(breakers).filter(
        ([, word]) => (openingAt(word, wall)?.remaining ?? 0) > 0,
      )
      return [
        names.get(providerId) ?? '',
        Object.fromEntries(open.map(([model]) => [model, 'open'])),
      ]
    }),
  )
}

/** In the same moment the one that keeps it closed to requests for longer. */
function isLater(word: BreakerWord, than: BreakerWord): boolean {
  if (word.at !== than.at) return word.at > than.at
  return (word.opening?.remaining ?? -1) > (than.opening?.remaining ?? -1)
}

function latest(breakers: Record<string, BreakerWord>): Record<string, BreakerWord> {
  const words = Object.entries(breakers)
  if (words.length <= MOST_WORDS) return breakers
  return Object.fromEntries(words.sort(([, a], [, b]) => b.at - a.at).slice(0, MOST_WORDS))
}
