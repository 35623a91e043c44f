import { describe, expect, it } from 'vitest'
import { Learned } from '../../src/daemon/learned.ts'
import type { KeyMemory } from '../../src/model/catalog.ts'
import { catalog, key } from '../support/catalog.ts'

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
