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

const PAGES = 60

/** Brings along a log of many pages, as an import does, and says how many it wrote. */
const IMPORTER = `
  import { systemClock } from '../base/clock.ts'
  import { openStore } from './open.ts'
  const { options, pages, record } = JSON.parse(process.argv[2])
  const store = await openStore({ ...options, clock: systemClock })
  let after = await store.importedHeads('import:x')
  let written = 0
  while (after.requests < pages) {
    const heads = { requests: after.requests + 1, failures: 0 }
    const exchanges = [{ ...record, requestId: String(heads.requests) }]
    const batch = { exchanges, failures: [], after, heads }
    const outcome = await store.importLog('import:x', batch)
    written += Number(outcome.written)
    after = outcome.heads
  }
  process.stdout.write(' ' + written)
  await store.close()
`

stopSharedServer()

describe.each(ENGINES)('two processes at once on %s', engine => {
  const place = usePlaces(engine)
  let code: Awaited<ReturnType<typeof bundle>>

  let importer: Awaited<ReturnType<typeof bundle>>

  beforeAll(async () => {
    code = await bundle(WRITER)
    importer = await bundle(IMPORTER)
  })
  afterAll(() => {
    code.remove()
    importer.remove()
  })

  const write = (options: object, name: string) =>
    run(code.url, { options, name, changes: CHANGES, record: exchange() })

  async function run(url: URL, given: object): Promise<string> {
    const task = JSON.stringify(given)
    const child = spawn(process.execPath, [fileURLToPath(url), task], { stdio: 'pipe' })
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

  it('bring the same log along once', async () => {
    const here = await place()
    const store = await here.open()
    const task = { options: here.options, pages: PAGES, record: exchange() }
    const said = await Promise.all([1, 2].map(() => run(importer.url, task)))
    const written = said.map(words => words.split(' ').map(Number))
    expect(written.map(([status]) => status)).toEqual([0, 0])
    expect(written.reduce((total, [, pages = 0]) => total + pages, 0)).toBe(PAGES)
    const ids = (await store.records({ limit: 1_000 })).map(({ requestId }) => requestId)
    expect(ids.toSorted()).toEqual(Array.from({ length: PAGES }, (_, n) => `${n + 1}`).sort())
    const hour = { since: exchange().time, until: exchange().time + 1 }
    expect((await store.stats({ by: 'provider', ...hour }))[0]?.requests).toBe(PAGES)
  })
})
