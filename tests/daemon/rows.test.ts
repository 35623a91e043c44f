import { describe, expect, it } from 'vitest'
import { rowsOf } from '../../src/daemon/operations/rows.ts'

describe('rows', () => {
  it('come as they are given, and end with the work', async () => {
    let go = () => {}
    const gate = new Promise<void>(resolve => {
      go = resolve
    })
    const rows = rowsOf<number>(async give => {
      give(1)
      give(2)
      await gate
      give(3)
    })
    expect(await rows.next()).toEqual({ value: 1, done: false })
    expect(await rows.next()).toEqual({ value: 2, done: false })
    const next = rows.next()
    go()
    expect(await next).toEqual({ value: 3, done: false })
    expect(await rows.next()).toEqual({ value: undefined, done: true })
  })

  it('end with the failure of the work, after what it gave', async () => {
    const rows = rowsOf<number>(async give => {
      give(1)
      throw new Error('broke')
    })
    expect(await rows.next()).toEqual({ value: 1, done: false })
    await expect(rows.next()).rejects.toThrow('broke')
  })

  it('may be left by their reader, whatever becomes of the work', async () => {
    let failed = () => {}
    const over = new Promise<void>(resolve => {
      failed = resolve
    })
    let go = () => {}
    for await (const row of rowsOf<number>(async give => {
      give(1)
      await new Promise<void>(resolve => {
        go = resolve
      })
      failed()
      throw new Error('nobody hears this')
    })) {
      expect(row).toBe(1)
      break
    }
    go()
    await over
  })
})
