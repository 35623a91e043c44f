import { describe, expect, it } from 'vitest'
import { BalanceError } from '../../src/base/errors.ts'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { Recorder, type RecorderParts } from '../../src/daemon/recorder.ts'
import type { KeyMemory, ProviderMemory } from '../../src/model/catalog.ts'
import type { ExchangeRecord } from '../../src/model/record.ts'
import type { Store } from '../../src/model/store.ts'
import { outage, word } from '../support/catalog.ts'
import { ManualClock } from '../support/manual-clock.ts'

const quiet = createLogger('silent', new Redactor(), { write: () => {} })

function record(requestId: string): ExchangeRecord {
  return { requestId } as ExchangeRecord
}

function memory(keyId: string, failures: number): KeyMemory {
  return { keyId, failures } as KeyMemory
}

/** A store whose answers the test decides; the real one is tried in tests/store. */
function scripted() {
  const taken = {
    records: [] as string[],
    memories: [] as KeyMemory[],
    outages: [] as ProviderMemory[],
  }
  const control = { fails: false }
  const refuse = () => {
    if (control.fails) throw new BalanceError('store_unavailable', 'locked')
  }
  const store = {
    record: async (batch: readonly ExchangeRecord[]) => {
      refuse()
      taken.records.push(...batch.map(({ requestId }) => requestId))
    },
    remember: async (memories: readonly KeyMemory[]) => {
      refuse()
      taken.memories.push(...memories)
    },
    rememberOutages: async (outages: readonly ProviderMemory[]) => {
      refuse()
      taken.outages.push(...outages)
    },
  } as unknown as Store
  return { store, taken, control }
}

function recording(store: Store, change: Partial<RecorderParts> = {}): Recorder {
  const clock = new ManualClock()
  return new Recorder({
    store,
    node: 'test:1',
    clock,
    log: quiet,
    onRecords: () => {},
    onVerdicts: () => {},
    onOutages: () => {},
    ...change,
  })
}

describe('Recorder', () => {
  it('writes what it is given, in order', async () => {
    const { store, taken } = scripted()
    const recorder = recording(store)
    recorder.records([record('1'), record('2')])
    recorder.records([record('3')])
    await recorder.flush()
    expect(taken.records).toEqual(['1', '2', '3'])
    expect([recorder.written, recorder.waiting, recorder.dropped]).toEqual([3, 0, 0])
  })

  it('keeps records while the store fails, and writes them when it takes them again', async () => {
    const { store, taken, control } = scripted()
    const clock = new ManualClock()
    const recorder = recording(store, { clock })
    control.fails = true
    recorder.records([record('1')])
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'store_unavailable' })
    recorder.records([record('2')])
    expect(recorder.waiting).toBe(2)
    control.fails = false
    clock.advance(2_000)
    await recorder.flush()
    expect(taken.records).toEqual(['1', '2'])
  })

  it('drops the oldest beyond 50,000, and counts them', async () => {
    const { store, taken, control } = scripted()
    const recorder = recording(store)
    control.fails = true
    for (let i = 0; i < 60; i++)
      recorder.records(Array.from({ length: 1_000 }, (_, n) => record(String(i * 1_000 + n))))
    expect([recorder.waiting, recorder.dropped]).toEqual([50_000, 10_000])
    control.fails = false
    await recorder.flush()
    // The first batch may have been written without a word: it is given again as it was.
    expect(taken.records.slice(0, 2)).toEqual(['0', '1'])
    expect(taken.records[500]).toBe('10500')
    expect(taken.records.at(-1)).toBe('59999')
    expect(new Set(taken.records).size).toBe(50_000)
  })

  it('writes the newest of what a key learned, within a quarter of a second', async () => {
    const { store, taken, control } = scripted()
    const clock = new ManualClock()
    const recorder = recording(store, { clock })
    control.fails = true
    recorder.verdicts([memory('a', 1)])
    clock.advance(250)
    await recorder.flush().catch(() => {})
    recorder.verdicts([memory('a', 2), memory('b', 1)])
    control.fails = false
    clock.advance(1_250)
    await recorder.flush()
    expect(taken.memories).toEqual([memory('a', 2), memory('b', 1)])
  })

  it('writes all that was said of a provider, within a quarter of a second', async () => {
    const { store, taken, control } = scripted()
    const clock = new ManualClock()
    const heard: ProviderMemory[] = []
    const recorder = recording(store, { clock, onOutages: batch => void heard.push(...batch) })
    control.fails = true
    recorder.outages([outage({ a: word(1, 5_000), b: word(1, 5_000) })])
    clock.advance(250)
    await recorder.flush().catch(() => {})
    const [closed, other] = [outage({ a: word(2, 0) }), outage({}, { providerId: 'p_other' })]
    recorder.outages([closed, other])
    control.fails = false
    clock.advance(1_250)
    await recorder.flush()
    expect(taken.outages).toHaveLength(2)
    expect(taken.outages).toContainEqual(outage({ a: word(2, 0), b: word(1, 5_000) }))
    expect(taken.outages).toContainEqual(other)
    expect(heard.slice(1)).toEqual([closed, other])
  })

  it('writes each record once, however many ask for a flush together', async () => {
    const { store, taken } = scripted()
    const recorder = recording(store)
    recorder.records([record('1'), record('2')])
    await Promise.all([recorder.flush(), recorder.flush(), recorder.flush()])
    expect(taken.records).toEqual(['1', '2'])
  })

  it('gives a batch again as it was, under its own name, however many have come since', async () => {
    const given: [id: string | undefined, requests: string[]][] = []
    const control = { fails: true }
    const store = {
      record: async (batch: readonly ExchangeRecord[], _node: string, id?: string) => {
        given.push([id, batch.map(({ requestId }) => requestId)])
        if (control.fails) throw new BalanceError('store_unavailable', 'frozen')
      },
    } as unknown as Store
    const recorder = recording(store)
    recorder.records([record('1')])
    await recorder.flush().catch(() => {})
    recorder.records([record('2')])
    control.fails = false
    await recorder.flush()
    const [next, requests] = given.pop() ?? []
    expect(requests).toEqual(['2'])
    expect(given.length).toBeGreaterThan(1)
    expect(new Set(given.map(([, requests]) => requests.join()))).toEqual(new Set(['1']))
    expect(new Set(given.map(([id]) => id)).size).toBe(1)
    expect(given.map(([id]) => id)).not.toContain(next)
    expect(recorder.written).toBe(2)
  })

  it('writes records where what keys learned cannot be written', async () => {
    const { store, taken } = scripted()
    const stuck: Store = {
      ...store,
      remember: () => Promise.reject(new BalanceError('store_unavailable', 'locked')),
    }
    const recorder = recording(stuck)
    recorder.verdicts([memory('a', 1)])
    recorder.records([record('1')])
    await expect(recorder.flush()).rejects.toThrow('locked')
    expect(taken.records).toEqual(['1'])
  })

  it('writes records while what keys learned hangs on a lock', async () => {
    const { store, taken } = scripted()
    const clock = new ManualClock()
    const hanging: Store = { ...store, remember: () => new Promise(() => {}) }
    const recorder = recording(hanging, { clock })
    recorder.verdicts([memory('a', 1)])
    clock.advance(250)
    for (const id of ['1', '2']) {
      recorder.records([record(id)])
      await new Promise(resolve => setImmediate(resolve))
    }
    expect(taken.records).toEqual(['1', '2'])
  })

  it('says once that the store takes nothing, and once that it does again', async () => {
    const lines: string[] = []
    const log = createLogger('info', new Redactor(), { write: line => lines.push(line) })
    const clock = new ManualClock()
    const { store, control } = scripted()
    const recorder = recording(store, { clock, log })
    control.fails = true
    recorder.records([record('1')])
    for (let turn = 0; turn < 3; turn++) await recorder.flush().catch(() => {})
    control.fails = false
    await recorder.flush()
    await recorder.flush()
    expect(lines.map(line => JSON.parse(line).msg)).toEqual([
      'the store does not take this; it waits',
      'the store takes this again',
    ])
  })

  it('shows every batch to those who follow, whether or not the store takes it', () => {
    const { store, control } = scripted()
    control.fails = true
    const seen: string[] = []
    const recorder = recording(store, {
      onRecords: batch => void seen.push(...batch.map(({ requestId }) => requestId)),
    })
    recorder.records([record('1')])
    expect(seen).toEqual(['1'])
  })
})
