import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Behind, CASES } from './hostile/behind.ts'
import { isMissing, NGINX } from './hostile/front.ts'
import { DIFFERENCES } from './hostile/tables/behind-nginx.ts'

const BY_NAME = new Map(DIFFERENCES.flatMap(each => each.names.map(name => [name, each] as const)))

describe.skipIf(isMissing(NGINX))('hostile requests, with nginx in front', () => {
  let behind: Behind

  beforeAll(async () => {
    behind = await Behind.start(NGINX)
  })
  afterAll(() => behind.close())

  it('each difference is one of a case', () => {
    const names = new Set(CASES.map(({ name }) => name))
    expect([...BY_NAME.keys()].filter(name => !names.has(name))).toEqual([])
  })

  it.each(CASES.map(each => [each.name, each] as const))('%s', async (name, each) => {
    const expected = BY_NAME.get(name) ?? each
    // HTTP/0.9 has no head: its answer is what is left over.
    const { replies, closed, rest, up, logged } = await behind.tell(each, expected.statuses.length)
    expect({
      statuses: replies.map(({ status }) => status),
      closed,
      up: [...up].sort(),
    }).toEqual({
      statuses: expected.statuses,
      closed: expected.closed,
      up: [...expected.up].sort(),
    })
    // As many answers as nginx counted requests, and none went up that it did not count.
    expect(logged).toHaveLength(replies.length + (rest === '' ? 0 : 1))
    expect(up.length).toBe(logged.filter(NGINX.asked).length)
  })
})
