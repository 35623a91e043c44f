import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { count } from '../support/count.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { EchoUpstream } from '../support/echo-upstream.ts'
import { type Answer, ask } from '../support/gateway.ts'

const MIB = 2 ** 20
const AT_ONCE = count(120, 200)
/** The defaults; as much less as a short test can carry through. */
const MOST = count(4, 32) * MIB
const BUDGET = count(32, 256) * MIB
/** Held bodies stand in memory twice while their pieces are joined. */
const COPIES = 2
/** What came and was thrown away, until it is collected; and 64 KiB on the way of each. */
const OVERHEAD = 128 * MIB
/** What is held is counted, not what was thrown away a moment ago. */
const COLLECTING = ['--expose-gc', '--import', 'data:text/javascript,setInterval(gc,100).unref()']
const PATH = '/v1/chat/completions'

let upstream: EchoUpstream
let world: World
let daemon: Daemon
let token: string
let memory: Peak

/** It measures by /proc. */
describe.runIf(existsSync('/proc/self/clear_refs'))(`${AT_ONCE} large bodies at once`, () => {
  beforeAll(async () => {
    upstream = await EchoUpstream.start()
    world = new World()
    token = await world.furnish(upstream.url, 'sk-a-0123456789abcdef')
    await world.json(['config', 'set', 'max_body', String(MOST)])
    await world.json(['config', 'set', 'body_budget', String(BUDGET)])
    world.nodeOptions = COLLECTING
    daemon = await world.serve()
    for (let n = 0; n < 100; n++) await ask(daemon.port, { path: PATH, body: jsonOf(1_000), token })
    memory = new Peak(daemon.pid)
  })
  afterAll(async () => {
    await world.remove()
    await upstream.close()
  })

  it.for([
    ['with a length, as large as may be', 0, {}, [200, 503]],
    ['without a length, as large as may be', 0, { 'transfer-encoding': 'chunked' }, [200, 503]],
    ['with a length, a byte too large', 1, {}, [413]],
    ['without a length, a byte too large', 1, { 'transfer-encoding': 'chunked' }, [413, 503]],
  ] as const)(
    '%s: memory is bounded, and others are served',
    async ([_how, more, headers, expected], { annotate }) => {
      const body = jsonOf(MOST + more)
      upstream.echoes.length = 0
      memory.begin()
      const others = new Others()
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, () =>
          ask(daemon.port, { path: PATH, headers, body, token }),
        ),
      )
      const grown = memory.grown()
      const got = grouped(answers)
      const counts = [...got].map(([status, all]) => `${all.length} ${status}`)
      await annotate(`+${Math.round(grown / MIB)} MiB; ${counts}; ${await others.stop()} others`)
      for (const status of got.keys()) expect(expected).toContain(status)
      for (const { headers } of got.get(503) ?? []) expect(headers['retry-after']).toBe('1')
      const went = upstream.echoes.filter(({ method }) => method === 'POST')
      expect(got.get(200)?.length ?? 0).toBe(went.length)
      for (const { bytes } of went) expect(bytes).toBe(body.length)
      expect(grown).toBeLessThanOrEqual(COPIES * BUDGET + OVERHEAD)
      // All of the budget is there again.
      await eventually(async () => {
        const { status } = await ask(daemon.port, { path: PATH, body: jsonOf(MOST), token })
        return status === 200
      }, 'a body of the largest size is served')
    },
  )
})

/** Requests without a body, one after the other. */
class Others {
  readonly #answers: Answer[] = []
  #over = false
  readonly #all = this.#run()

  /** Fails unless all were served; how many they were. */
  async stop(): Promise<number> {
    this.#over = true
    await this.#all
    expect(this.#answers.filter(({ status }) => status !== 200)).toEqual([])
    expect(this.#answers.length).toBeGreaterThan(0)
    return this.#answers.length
  }

  async #run(): Promise<void> {
    while (!this.#over) this.#answers.push(await ask(daemon.port, { path: '/v1/files', token }))
  }
}

/** The resident memory of a process (proc_pid_status(5), proc_pid_clear_refs(5)). */
class Peak {
  readonly #pid: number
  readonly #before: number

  constructor(pid: number) {
    this.#pid = pid
    this.#before = this.#bytes('VmRSS')
  }

  begin(): void {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, '5')
  }

  /** Bytes at its highest since it began, more than when this was made. */
  grown(): number {
    return this.#bytes('VmHWM') - this.#before
  }

  #bytes(name: string): number {
    const line = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
      readFileSync(`/proc/${this.#pid}/status`, 'utf8'),
    )
    return Number(line?.[1]) * 1_024
  }
}

function jsonOf(bytes: number): Buffer {
  const body = Buffer.alloc(bytes, 'x')
  body.write('{"model":"m","x":"')
  body.write('"}', bytes - 2)
  return body
}

function grouped(answers: readonly Answer[]): Map<number, Answer[]> {
  const groups = new Map<number, Answer[]>()
  for (const answer of answers) {
    const group = groups.get(answer.status)
    if (group === undefined) groups.set(answer.status, [answer])
    else group.push(answer)
  }
  return groups
}
