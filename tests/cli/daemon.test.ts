import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { Operator, Out } from '../../src/control/api.ts'
import type { LIVE } from '../../src/control/operations/live.ts'
import { ControlSocket } from '../../src/control/socket.ts'
import { TailHub } from '../../src/control/tail.ts'
import type { KeyStatus } from '../../src/model/status.ts'
import { openStore } from '../../src/store/open.ts'
import { CommandLine } from '../support/command-line.ts'
import { storeOptions } from '../support/store.ts'

/** Answers on the control socket as a daemon would, and writes down what it was asked. */
class FakeDaemon {
  readonly asked: [name: string, input: unknown][] = []
  readonly answers: { -readonly [K in keyof typeof LIVE]: Out<K> }
  #socket: ControlSocket | null = null

  constructor(store: string) {
    this.answers = {
      'dashboard.link': { path: '/admin/link?t=x' },
      explain: {
        path: '/v1/chat/completions',
        model: null,
        token: null,
        route: null,
        candidates: [],
        choice: null,
        refusal: null,
      },
      status: {
        running: true,
        version: '9.9.9',
        store,
        revision: 7,
        pending: null,
        providers: [],
        proxies: [],
        no_proxy: [],
        pid: 4242,
        url: 'http://127.0.0.1:8077',
        certificate: null,
        started: '2026-01-01T00:00:00.000Z',
        config_file: null,
        draining: false,
        workers: [{ pid: 4242, revision: 7, in_flight: 1, requests: 10, errors: 0 }],
        nodes: [],
        last_minute: { requests: 4, errors: 1, tokens: 1_200 },
        last_hour: { requests: 10, errors: 1, tokens: 3_000 },
        records: { written: 10, waiting: 0, dropped: 0 },
        store_health: { ok: true, error: null },
      },
      nudge: { revision: 7, error: null },
      reload: {
        revision: 8,
        taken: ['timeout'],
        overridden: ['policy'],
        left: ['max_body'],
        error: null,
      },
      // Above the kernel's largest pid: it is never running.
      stop: { pid: 4_194_305 },
      abort: { aborted: 2 },
      flush: {},
    }
  }

  async open(store: string, folder: string): Promise<void> {
    const operator = Object.fromEntries(
      Object.entries(this.answers).map(([name]) => [
        name,
        (input: unknown) => this.#answer(name, input),
      ]),
    ) as unknown as Operator
    this.#socket = await ControlSocket.open(
      store,
      { own: [folder], searched: [folder] },
      operator,
      new TailHub(),
    )
  }

  close(): void {
    this.#socket?.close()
  }

  async #answer(name: string, input: unknown): Promise<unknown> {
    this.asked.push([name, input])
    return this.answers[name as keyof typeof LIVE]
  }
}

let cli: CommandLine
let daemon: FakeDaemon

beforeEach(async () => {
  cli = new CommandLine()
  daemon = new FakeDaemon(cli.storeUrl)
  await daemon.open(cli.storeUrl, cli.folder)
})
afterEach(() => {
  daemon.close()
  cli.remove()
})

const ADD = ['providers', 'add', 'openai']

describe('a command, with a daemon running', () => {
  it('nudges it with the new revision and says that the change is in force', async () => {
    const { code, stderr } = await cli.inProcess(ADD)
    expect(code).toBe(0)
    expect(stderr).toContain('in force (revision 7)')
    expect(daemon.asked).toContainEqual(['nudge', { revision: 1 }])
  })

  it('warns when the daemon cannot put the change in force', async () => {
    daemon.answers.nudge = { revision: 6, error: 'two providers are called ollama' }
    const { code, stderr } = await cli.inProcess(ADD)
    expect(code).toBe(0)
    expect(stderr).toContain(
      'warning: saved, but revision 6 stays in force: two providers are called ollama',
    )
  })

  it('has it write down what keys learned before listing them', async () => {
    await cli.inProcess(['keys', 'list'])
    expect(daemon.asked[0]).toEqual(['flush', {}])
  })

  it('leaves it to the daemon whether a reference can be resolved', async () => {
    await cli.inProcess(ADD)
    await cli.run(['keys', 'add', 'openai'], 'env:NOT_SET_IN_THIS_SHELL\n')
    const list = async (): Promise<KeyStatus[]> =>
      JSON.parse((await cli.inProcess(['keys', 'list', '--json'])).stdout)
    expect(await list()).toMatchObject([
      { state: 'active', reference: 'env:NOT_SET_IN_THIS_SHELL' },
    ])
    daemon.close()
    expect(await list()).toMatchObject([{ state: 'invalid' }])
  })

  it('ends attempts in flight with --now', async () => {
    await cli.inProcess(ADD)
    await cli.run(['keys', 'add', 'openai', '--label', 'one'], 'sk-0123456789abcdef\n')
    const { stderr, stdout } = await cli.inProcess(['keys', 'disable', 'one', '--now', '--json'])
    const [key] = JSON.parse(stdout) as KeyStatus[]
    expect(key?.state).toBe('disabled')
    expect(daemon.asked).toContainEqual(['abort', { keys: [key?.id] }])
    expect(stderr).toContain('ended 2 attempts in flight')
  })

  it('prints its status as it is', async () => {
    const { stdout } = await cli.inProcess(['status', '--json'])
    expect(JSON.parse(stdout)).toEqual(daemon.answers.status)
    const words = await cli.inProcess(['status'])
    expect(words.stdout).toMatch(/^daemon +running$/m)
    expect(words.stdout).toMatch(/^url +http:\/\/127\.0\.0\.1:8077$/m)
    expect(words.stdout).toMatch(/^requests +10 since start, 1 in flight$/m)
    expect(words.stdout).toMatch(/^last minute +4 requests, 25% errors, 1,200 tokens$/m)
    expect(words.stdout).toMatch(/^up +(\d+[dhms] ?)+, since 202\d-/m)
    expect(words.stdout).not.toMatch(/NODE|PID|BREAKER|trouble|log records|not in force/)
  })

  it('lists its workers where there are several, and breakers that are not closed', async () => {
    const [worker] = daemon.answers.status.workers
    const provider = {
      name: 'lab',
      kind: 'openai',
      base_url: 'http://localhost:8000/v1',
      path: null,
      enabled: true,
      default: true,
      origin: 'command',
      keys: { active: 1, cooling: 0, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 },
      breakers: { '*': 'open', 'gpt-4o': 'open', '': 'half-open' },
    } as const
    daemon.answers.status = {
      ...daemon.answers.status,
      workers: [worker!, { pid: 4343, revision: 6, in_flight: 2, requests: 1_234, errors: 5 }],
      providers: [provider],
    }
    const { stdout } = await cli.inProcess(['status'])
    expect(stdout).toMatch(/^ *PID +REVISION +IN FLIGHT +REQUESTS +ERRORS$/m)
    expect(stdout).toMatch(/^4242 +7 +1 +10 +0$/m)
    expect(stdout).toMatch(/^4343 +6 +2 +1,234 +5$/m)
    expect(stdout).toMatch(/^requests +1,244 since start, 3 in flight$/m)
    expect(stdout).toMatch(/^lab +enabled, default +1 active$/m)
    expect(stdout).toMatch(
      /^BREAKER +MODEL +STATE\nlab +all models +open\nlab +gpt-4o +open\nlab +\(no model\) +half-open$/m,
    )
  })

  it('shows in its status first what is wrong', async () => {
    daemon.answers.status = {
      ...daemon.answers.status,
      store_health: { ok: false, error: 'disk full' },
      records: { written: 10, waiting: 1_500, dropped: 0 },
    }
    const { stdout } = await cli.inProcess(['status'])
    expect(stdout).toMatch(
      /^daemon +running\nstore trouble +disk full\nlog records +1,500 waiting to be written\n/,
    )
    const records = { written: 10, waiting: 0, dropped: 12 }
    daemon.answers.status = { ...daemon.answers.status, records }
    expect((await cli.inProcess(['status'])).stdout).toMatch(/^log records .* 12 dropped,/m)
  })

  it('lists the daemons on its store where there are several', async () => {
    const node = {
      id: 'a:1',
      url: 'http://127.0.0.1:8077',
      certificate: null,
      version: '9.9.9',
      workers: 1,
      revision: 7,
      started: '2026-01-01T00:00:00.000Z',
      seen: '2026-01-01T00:00:01.000Z',
      self: true,
    }
    daemon.answers.status = {
      ...daemon.answers.status,
      nodes: [node, { ...node, id: 'b:2', self: false }],
    }
    const { stdout } = await cli.inProcess(['status'])
    expect(stdout).toMatch(/^a:1 \(this\) +http:/m)
    expect(stdout).toMatch(/^b:2 +http:/m)
  })

  it('says in its status when the first resting key of a provider comes back', async () => {
    await cli.inProcess(ADD)
    await cli.run(['keys', 'add', 'openai'], 'sk-0123456789ab01\nsk-0123456789ab02\n')
    const store = await openStore({ ...storeOptions(cli.folder), url: cli.storeUrl })
    const keys = await store.keys()
    const mark = { kind: 'cooling', reason: 'rate limited' } as const
    await store.remember(
      keys.map(({ id, generation }, at) => ({
        keyId: id,
        generation,
        failures: 0,
        invalid: null,
        exhausted: null,
        cooling: { '': { ...mark, remaining: (at + 1) * 7_190_000 } },
        savedAt: systemClock.wall(),
      })),
    )
    const [provider] = await store.providers()
    await store.close()
    const count = { active: 0, cooling: 2, exhausted: 0, invalid: 0, sealed: 0, disabled: 0 }
    daemon.answers.status = {
      ...daemon.answers.status,
      providers: [
        {
          name: provider?.name ?? '',
          kind: 'openai',
          base_url: 'http://localhost:8000/v1',
          path: null,
          enabled: true,
          default: true,
          origin: 'command',
          keys: count,
          breakers: {},
        },
      ],
    }
    const { stdout } = await cli.inProcess(['status'])
    expect(stdout).toMatch(/KEYS +NEXT BACK IN$/m)
    expect(stdout).toMatch(/2 cooling +1h 59m$/m)

    daemon.answers.status = {
      ...daemon.answers.status,
      store_health: { ok: false, error: 'locked' },
    }
    expect((await cli.inProcess(['status'])).stdout).not.toContain('NEXT BACK IN')
  })

  it('shows its status again and again, and that it has ended, until Ctrl-C', async () => {
    const watching = cli.start(['status', '--watch', '1', '--json'])
    const next = async () => JSON.parse(await watching.line())
    expect(await next()).toEqual(daemon.answers.status)
    daemon.answers.status = { ...daemon.answers.status, revision: 8 }
    while ((await next()).revision !== 8);
    daemon.close()
    while ((await next()).running);
    watching.process.kill('SIGINT')
    expect(await watching.ended).toMatchObject({ code: 0 })
  })

  it('shows in its status why the newest revision is not in force', async () => {
    daemon.answers.status = {
      ...daemon.answers.status,
      pending: { revision: 9, error: 'no such policy' },
    }
    const { stdout } = await cli.inProcess(['status'])
    expect(stdout).toMatch(/^not in force +revision 9: no such policy$/m)
  })

  it('reloads it and says what the file gave and what commands had set', async () => {
    const { code, stderr } = await cli.inProcess(['reload'])
    expect(code).toBe(0)
    expect(stderr).toBe(
      'taken from the file: timeout\nleft as commands set them: policy\nkept, though the file does not declare it any more: max_body\nin force (revision 8)\n',
    )
    daemon.answers.reload = {
      revision: 7,
      taken: [],
      overridden: [],
      left: [],
      error: 'line 3 is wrong',
    }
    expect(await cli.inProcess(['reload'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('line 3 is wrong'),
    })
  })

  it('stops it and waits until its process has ended', async () => {
    const { code, stderr } = await cli.inProcess(['stop', '--now'])
    expect(code).toBe(0)
    expect(daemon.asked).toEqual([['stop', { now: true }]])
    expect(stderr).toMatch(/stopped\n$/)
  })
})
