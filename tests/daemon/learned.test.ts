import { describe, expect, it } from 'vitest'
import { Learned } from '../../src/daemon/learned.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import { catalog, key, outage, provider, word } from '../support/catalog.ts'

function memory(generation: number, failures: number, keyId = 'a'): KeyMemory {
  return {
    keyId,
    generation,
    failures,
    invalid: null,
    exhausted: null,
    cooling: {},
    savedAt: 0,
  }
}

function known(learned: Learned): [string, number, number][] {
  return learned.lessons.memories.map(({ keyId, generation, failures }) => [
    keyId,
    generation,
    failures,
  ])
}

describe('what is known about keys', () => {
  it('is the newest word under the newest generation', () => {
    const learned = new Learned()
    learned.take([memory(1, 1), memory(1, 2)])
    expect(known(learned)).toEqual([['a', 1, 2]])
    learned.take([memory(2, 0)])
    // A worker that has not taken the owner's change yet.
    learned.take([memory(1, 3)])
    expect(known(learned)).toEqual([['a', 2, 0]])
  })

  it('ends with the key and with its generation', () => {
    const learned = new Learned()
    learned.take([memory(1, 3, 'a'), memory(1, 3, 'b'), memory(1, 3, 'c')])
    learned.seed(catalog({ keys: [key('a', { generation: 2 }), key('b')] }))
    expect(known(learned)).toEqual([['b', 1, 3]])
  })

  it('outlives a catalogue that is older than it', () => {
    const learned = new Learned()
    learned.take([memory(2, 1)])
    learned.seed(catalog({ keys: [key('a')] }))
    expect(known(learned)).toEqual([['a', 2, 1]])
  })

  it('begins with what the store remembers', () => {
    const learned = new Learned()
    learned.seed(
      catalog({ keys: [key('a'), key('b')], memories: [memory(1, 2), memory(9, 9, 'b')] }),
    )
    expect(known(learned)).toEqual([['a', 1, 2]])
  })
})

describe('what is known about providers', () => {
  const opened = outage({ a: word(1, 5_000) })

  it('is what all have said, and begins with what the store remembers', () => {
    const learned = new Learned()
    learned.takeOutages([opened, outage({ b: word(2, 5_000) })])
    const outages = [outage({ a: word(3, 0), b: word(1, 0), c: word(1, 1) })]
    learned.seed(catalog({ providers: [provider('mock', '')], outages }))
    const all = outage({ a: word(3, 0), b: word(2, 5_000), c: word(1, 1) })
    expect(learned.lessons.outages).toEqual([all])
  })

  it('ends with the provider and with its generation', () => {
    const learned = new Learned()
    learned.takeOutages([opened, { ...opened, providerId: 'p_gone' }])
    learned.seed(catalog({ providers: [provider('mock', '', { generation: 2 })] }))
    expect(learned.lessons.outages).toEqual([])
  })

  it('outlives a catalogue that is older than it, and not a newer word', () => {
    const learned = new Learned()
    const anew = { ...opened, generation: 2 }
    learned.takeOutages([anew])
    learned.seed(catalog({ providers: [provider('mock', '')], outages: [opened] }))
    // A worker that has not taken the owner's change yet.
    learned.takeOutages([outage({ b: word(9, 9) })])
    expect(learned.lessons.outages).toEqual([anew])
  })
})
