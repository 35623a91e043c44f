import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KeyShape } from '../../src/control/shapes/key.ts'
import { type Daemon, eventually } from '../support/daemon.ts'
import { DatabaseWorld } from '../support/database-world.ts'
import { KeepingUpstream } from '../support/keeping-upstream.ts'
import { Mariadb } from '../support/mariadb.ts'

const NAMES = ['one', 'two', 'three']

let database: Mariadb
let upstream: KeepingUpstream
let worlds: readonly DatabaseWorld[]
let token: string

beforeAll(async () => {
  database = await Mariadb.start()
  upstream = await KeepingUpstream.start()
  const [name, masterKey] = [await database.database(), randomBytes(32).toString('base64')]
  worlds = [1, 2].map(() => new DatabaseWorld(database, name, masterKey))
  const keys = NAMES.map(each => `sk-${each}-0123456789abcdef`)
  token = await (worlds[0] as DatabaseWorld).furnish(upstream.url, ...keys)
})

afterAll(async () => {
  for (const world of worlds) await world.remove()
  await upstream.close()
  await database.stop()
})

it('objects that one node made are found by another on the same MariaDB', async () => {
  const [here, there] = worlds as [DatabaseWorld, DatabaseWorld]
  const [first, second] = await Promise.all([here.serve(), there.serve('--workers', '2')])
  const call = async (daemon: Daemon, method: string, path: string) => {
    const body = method === 'POST' ? '{}' : (undefined as unknown as string)
    const { status, text } = await daemon.ask(token, { method, path, body })
    return { status, value: JSON.parse(text) }
  }
  const counted = async (count: number) => {
    const keys = await Promise.all(
      NAMES.map((_, at) => here.json<KeyShape>(['keys', 'show', `key-${at + 1}`])),
    )
    return keys.reduce((sum, { objects }) => sum + objects, 0) === count
  }
  const files = []
  for (let n = 0; n < 9; n++) files.push((await call(first, 'POST', '/v1/files')).value)
  await eventually(() => counted(9), 'written by the first')
  for (const { id, key } of files) {
    // A store that is slower than some milliseconds once makes an id unknown once.
    const found = await eventually(async () => {
      const answer = await call(second, 'GET', `/v1/files/${id}`)
      return answer.status === 200 ? answer : null
    }, `${id} at the second`)
    expect(found.value.key).toBe(key)
  }
  for (const { id } of files.slice(0, 4)) await call(second, 'DELETE', `/v1/files/${id}`)
  await eventually(() => counted(5), 'deleted by the second')
})
