import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { eventually, World } from '../support/daemon.ts'

const REFUSED = 'sk-refused-0123456789abcdef'
const INTERVAL = 2_000

let mock: Mock
let world: World

beforeAll(async () => {
  mock = await startMock({ scripts: { [REFUSED]: '401' } })
  world = new World()
})
afterAll(async () => {
  await world.remove()
  await mock.close()
})

const checks = () => mock.requests.map(({ time }) => time)

describe('a daemon that is killed and started again', () => {
  it('goes on with its checks and asks nothing twice', async () => {
    await world.furnish(mock.url, REFUSED)
    const store = await world.openStore()
    const [key] = await store.keys()
    await store.setSetting('check_interval', INTERVAL)
    await store.remember([
      {
        keyId: key?.id ?? '',
        generation: key?.generation ?? 0,
        failures: 3,
        invalid: { reason: 'invalid_api_key', since: 1 },
        exhausted: null,
        cooling: {},
        savedAt: 1,
      },
    ])
    await store.close()

    let daemon = await world.serve()
    await eventually(() => checks().length >= 3, 'three checks', 20_000)
    for (let turn = 0; turn < 2; turn++) {
      const before = checks().length
      await daemon.kill()
      daemon = await world.serve()
      // The dead one's lease has to end first.
      await eventually(() => checks().length >= before + 2, 'two more checks', 30_000)
    }
    const gaps = checks().flatMap((time, n, all) => (n === 0 ? [] : time - (all[n - 1] ?? 0)))
    // A look is taken every second, and the way there takes its time.
    expect(Math.min(...gaps)).toBeGreaterThan(INTERVAL - 250)
    expect((await daemon.stop()).code).toBe(0)
  }, 120_000)
})
