import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { rememberingLookup } from '../../src/upstream/name-memory.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** A name server that gives this answer. */
let answer: { code: string } | string = '192.0.2.1'
const server: LookupFunction = (_hostname, _options, callback) => {
  if (typeof answer === 'string') callback(null, [{ address: answer, family: 4 }])
  else callback(Object.assign(new Error(answer.code), answer), [])
}

describe('a lookup that remembers', () => {
  const clock = new ManualClock()
  const lookup = rememberingLookup(clock, server)
  const ask = (hostname = 'api.example') =>
    new Promise((resolve, reject) => {
      lookup(hostname, { all: true }, (error, addresses) => {
        if (error === null) resolve(addresses)
        else reject(error)
      })
    })

  it('gives what the name server says, and what it said last while it does not answer', async () => {
    expect(await ask()).toEqual([{ address: '192.0.2.1', family: 4 }])
    answer = '192.0.2.2'
    expect(await ask()).toEqual([{ address: '192.0.2.2', family: 4 }])
    answer = { code: 'EAI_AGAIN' }
    clock.advance(600_000)
    expect(await ask()).toEqual([{ address: '192.0.2.2', family: 4 }])
    await expect(ask('other.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' })
    clock.advance(1)
    await expect(ask()).rejects.toMatchObject({ code: 'EAI_AGAIN' })
  })

  it('believes it where it says that there is no such name', async () => {
    answer = '192.0.2.3'
    await ask()
    answer = { code: 'ENOTFOUND' }
    await expect(ask()).rejects.toMatchObject({ code: 'ENOTFOUND' })
  })
})
