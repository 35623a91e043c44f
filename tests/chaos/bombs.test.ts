import { afterAll, beforeAll, expect, it } from 'vitest'
import { usedBy } from '../../src/bench/process-tree.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { bombs } from '../gateway/hostile/bombs.ts'
import { type Daemon, World } from '../support/daemon.ts'
import { ask } from '../support/gateway.ts'
import { CHAT } from '../support/open-stream.ts'

const MOST = 32 * 2 ** 20
const STATUSES = [200, 400, 404, 422]
const ASKED = [CHAT, { path: '/v1/models' }, { path: '/v1/files/f/content' }]

let mock: Mock
let world: World
let daemon: Daemon
let token: string
let answer: { status: number; coding: string; bytes: Buffer } = {
  status: 200,
  coding: 'identity',
  bytes: Buffer.from('{"object":"list","data":[]}'),
}

beforeAll(async () => {
  mock = await startMock({
    keep: 0,
    respond: (_request, response) => {
      const { status, coding, bytes } = answer
      response.writeHead(status, { 'content-type': 'application/json', 'content-encoding': coding })
      response.end(bytes)
      return true
    },
  })
  world = new World()
  token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
  daemon = await world.serve()
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

it('bombs of every coding, as answers and as errors: relayed as they come, +32 MiB at most', async ({
  annotate,
}) => {
  // What is used for the first time takes its memory then.
  for (let n = 0; n < 200; n++)
    for (const asked of ASKED) await ask(daemon.port, { ...asked, token })
  const before = usedBy(daemon.pid).rss
  let most = before
  for (const { coding, bytes } of bombs()) {
    for (const status of STATUSES) {
      for (const asked of ASKED) {
        answer = { status, coding, bytes }
        const got = await ask(daemon.port, { ...asked, token })
        expect([coding, got.status, got.headers['content-encoding']]).toEqual([
          coding,
          status,
          coding,
        ])
        expect(got.body.equals(bytes)).toBe(true)
        most = Math.max(most, usedBy(daemon.pid).rss)
      }
    }
  }
  await annotate(`+${Math.round((most - before) / 2 ** 20)} MiB`)
  expect(most - before).toBeLessThanOrEqual(MOST)
})
