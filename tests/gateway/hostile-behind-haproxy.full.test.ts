import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Behind, CASES } from './hostile/behind.ts'
import { HAPROXY, isMissing } from './hostile/front.ts'

/** It speaks HTTP/2 itself. */
const OTHERS = CASES.filter(({ name }) => name !== 'the preface of HTTP/2')

describe.skipIf(isMissing(HAPROXY))('hostile requests, with HAProxy in front', () => {
  let behind: Behind

  beforeAll(async () => {
    behind = await Behind.start(HAPROXY)
  })
  afterAll(() => behind.close())

  // What HAProxy refuses is its own to say; what both take for requests must be the same.
  it.each(OTHERS.map(each => [each.name, each] as const))('%s', async (_name, each) => {
    const { up, logged } = await behind.tell(each, each.statuses.length)
    const counted = logged.filter(HAPROXY.asked).map(({ line }) => line)
    expect(up.map(shown).sort()).toEqual(counted.map(shown).sort())
  })
})

/** Its method, and whether it was hidden behind another one; targets are mended on their way. */
function shown(line: string): string {
  const [method, target] = line.split(' ')
  return `${method} ${target === '/v1/hidden' ? 'hidden' : ''}`
}
