import type { Agent } from 'node:http'
import type { Daemon } from '../support/daemon.ts'
import { CHAT } from '../support/open-stream.ts'

/** One command, and how a client can tell that it is in force. */
export interface Change {
  readonly args: readonly string[]
  readonly stdin?: string
  /** Whether requests over this connection are served as it says. */
  seen(via: Agent): Promise<boolean>
}

/** Larger than the least `max_body`. */
const LARGE = JSON.stringify({ ...JSON.parse(CHAT.body), user: 'x'.repeat(5_000) })

export interface Scene {
  readonly daemon: Daemon
  readonly token: string
  readonly mockUrl: string
  /** Label and id of a key that the load uses, among others. */
  readonly key: { readonly label: string; readonly id: string }
}

/** Changes without end, of everything an operator changes; each undoes one before, in time. */
export function* changes(scene: Scene): Generator<Change, never> {
  for (let turn = 0; ; turn++) yield* round(scene, turn)
}

function* round({ daemon, token, mockUrl, key }: Scene, turn: number): Generator<Change> {
  const chat = (via: Agent, { path = CHAT.path, bearer = token, body = CHAT.body } = {}) =>
    daemon.ask(bearer, { path, body, agent: via })
  const answers =
    (status: number, given: Parameters<typeof chat>[1] = {}) =>
    async (via: Agent) =>
      (await chat(via, given)).status === status
  const aside = { path: `/side${CHAT.path}` }
  const newcomer = `bal_newcomer-${turn}-0123456789abcdef`

  yield {
    args: ['tokens', 'create', `newcomer-${turn}`, '--stdin'],
    stdin: newcomer,
    seen: answers(200, { bearer: newcomer }),
  }
  yield { args: ['config', 'set', 'max_body', '1KiB'], seen: answers(413, { body: LARGE }) }
  // Its name is known, so that what is missing is a key.
  yield { args: ['providers', 'add', 'side', '--base-url', mockUrl], seen: answers(503, aside) }
  yield {
    args: ['keys', 'add', 'side', '--label', 'aside'],
    stdin: `sk-aside-${turn}-0123456789abcdef`,
    seen: answers(200, aside),
  }
  yield {
    args: ['providers', 'set', 'side', `headers={"x-turn":"${turn}"}`],
    seen: async via => {
      // A path that the simulated provider does not know is answered with what came.
      const { text } = await daemon.ask(token, { path: '/side/v1/echo', agent: via })
      return JSON.parse(text).headers['x-turn'] === String(turn)
    },
  }
  yield { args: ['keys', 'disable', 'aside'], seen: answers(503, aside) }
  yield {
    args: ['keys', 'disable', key.label],
    seen: async via => {
      const used = [await chat(via), await chat(via)].map(({ headers }) => headers['x-balance-key'])
      return !used.includes(key.id)
    },
  }
  yield { args: ['keys', 'enable', 'aside'], seen: answers(200, aside) }
  yield {
    args: ['keys', 'enable', key.label],
    seen: async via => {
      // The load takes turns too, so that a few of its others may come first.
      for (let asked = 0; asked < 12; asked++) {
        if ((await chat(via)).headers['x-balance-key'] === key.id) return true
      }
      return false
    },
  }
  yield { args: ['config', 'unset', 'max_body'], seen: answers(200, { body: LARGE }) }
  yield { args: ['keys', 'remove', 'aside', '--yes'], seen: answers(503, aside) }
  yield {
    args: ['tokens', 'revoke', `newcomer-${turn}`, '--yes'],
    seen: answers(401, { bearer: newcomer }),
  }
  yield { args: ['providers', 'remove', 'side', '--yes'], seen: answers(404, aside) }
}

/** Commands that must be refused, with what they read. */
export const REFUSED: readonly { readonly args: readonly string[]; readonly stdin?: string }[] = [
  { args: ['config', 'set', 'max_retries', '0'] },
  { args: ['providers', 'set', 'mock', 'base_url=ftp://nowhere', '--yes'] },
  { args: ['tokens', 'create', 'test', '--stdin'], stdin: 'bal_second-0123456789abcdef' },
  { args: ['keys', 'add', 'mock'], stdin: 'sk-fine-0123456789abcdef\nwith a blank\n' },
  { args: ['keys', 'disable', 'key-1', 'key-nowhere'] },
  { args: ['providers', 'add', 'mock', '--base-url', 'http://127.0.0.1:1/v1'] },
  { args: ['config', 'set', 'max_retry', '3'] },
]

/** What does not compile, written past the commands, and how it is mended. */
interface Spoil {
  readonly spoil: string
  readonly mend: (mockUrl: string) => string
  /** How the row is called where it is told. */
  readonly row: string
}

export const SPOILS: readonly Spoil[] = [
  {
    spoil: "update providers set base_url = 'ftp://nowhere' where name = 'mock'",
    mend: url => `update providers set base_url = '${url}' where name = 'mock'`,
    row: 'Provider mock',
  },
  {
    spoil: `insert into settings (name, origin, value) values ('policy', 'command', '"fastest"')`,
    mend: () => "delete from settings where name = 'policy'",
    row: 'Setting policy',
  },
  {
    spoil: "insert into settings (name, origin, value) values ('timeout', 'command', '{')",
    mend: () => "delete from settings where name = 'timeout'",
    row: 'Setting timeout',
  },
  {
    spoil: "update tokens set models = '7' where name = 'test'",
    mend: () => "update tokens set models = null where name = 'test'",
    row: 'Token test',
  },
  {
    spoil: "update providers set overrides = '{' where name = 'mock'",
    mend: () => "update providers set overrides = '{}' where name = 'mock'",
    row: 'Provider mock',
  },
]
