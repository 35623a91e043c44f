import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { ENGINES, stopSharedServer, usePlaces } from './place.ts'
import { exchange } from './suites/records.ts'

const CHANGES = 40

/** Says whether it was given a lease, then creates tokens and writes records as fast as it can. */
const WRITER = `
  import { systemClock } from '../base/clock.ts'
  import { openStore } from './open.ts'
  const { options, name, changes, record } = JSON.parse(process.argv[2])
  const store = await openStore({ ...options, clock: systemClock })
  process.stdout.write(' ' + (await store.takeLease('checks', name, 60_000)))
  for (let turn = 0; turn < changes; turn++) {
    await store.createToken({ name: name + turn })
    await store.record([{ ...record, requestId: name + turn }], name)
  }
  await store.close()
`

stopSharedServer()

describe.each(ENGINES)('two processes at once on %s', engine => {
  const place = usePlaces(engine)
  let code: Awaited<ReturnType<typeof bundle>>

  beforeAll(async () => {
    code = await bundle(WRITER)
  })
  afterAll(() => code.remove())

  async function write(options: object, name: string): Promise<string> {
    const task = JSON.stringify({ options, name, changes: CHANGES, record: exchange() })
    const child = spawn(process.execPath, [fileURLToPath(code.url), task], { stdio: 'pipe' })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', text => {
        said += text
      })
    }
    const [status] = await once(child, 'close')
    return `${status}${said}`
  }

  it('lose no change, no audit row, no record and no sum, share no lease, and open a store that is not there yet', async () => {
    const here = await place()
    const fates = await Promise.all([write(here.options, 'a'), write(here.options, 'b')])
    expect(fates.toSorted()).toEqual(['0 false', '0 true'])
    const store = await here.open()
    expect(await store.revision()).toBe(2 * CHANGES)
    expect(await store.tokens()).toHaveLength(2 * CHANGES)
    expect(await store.records({ limit: 1_000 })).toHaveLength(2 * CHANGES)
    const hour = { since: exchange().time, until: exchange().time + 1 }
    const [sums] = await store.stats({ by: 'provider', ...hour })
    expect(sums?.requests).toBe(2 * CHANGES)
    const audit = await here.sql('select distinct revision from audit')
    expect(audit).toHaveLength(2 * CHANGES)
  })
})
