import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import { mask } from '../../base/secret.ts'
import { printable } from '../../base/text.ts'
import { BEHAVIOURS, type Scripts, scriptsFromObject, startMock } from '../../mock/server.ts'
import { readDocument } from '../../model/config/document.ts'
import { gather, oneOf, whole } from '../option-values.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .option('--port <n>', 'port of 127.0.0.1; 0 takes a free one', whole('--port', 0, 65_535), 8078)
    .option('--script <key=script>', 'what a key does, "*" for all others; repeatable', gather)
    .option('--script-file <file>', 'a YAML or JSON map of keys to scripts')
    .option('--unknown-key <answer>', 'to keys without a script: ok, 401', UNKNOWN, 'ok')
    .option('--rate <n>', 'tokens a second in streams; 0: no pace', whole('--rate', 0, 1e6), 40)
    .option('--tokens <n>', 'tokens of an answer', whole('--tokens', 1, 100_000), 32)
    .option('--seed <n>', 'of the chances that flaky takes', whole('--seed', 0, 2 ** 31), 1)
    .addHelpText('after', HELP)
    .action(run(mock))
}

const UNKNOWN = oneOf('--unknown-key', ['ok', '401'] as const)

const HELP = `
A simulated OpenAI-compatible provider. A script is a list of behaviours, one for each
request, the last one for all further: "401,429:2s,ok*3". A request may bring its own in
the header x-mock-script.

Behaviours:
${Object.entries(BEHAVIOURS)
  .map(([name, { doc }]) => `  ${name.padEnd(16)} ${doc}`)
  .join('\n')}

Example:
  $ balance mock --script sk-good=ok --script sk-bad=401
  $ balance providers add lab --base-url http://127.0.0.1:8078/v1`

interface MockFlags {
  readonly port: number
  readonly script?: readonly string[]
  readonly scriptFile?: string
  readonly unknownKey: 'ok' | '401'
  readonly rate: number
  readonly tokens: number
  readonly seed: number
}

async function mock({ out, clock }: Session, flags: MockFlags): Promise<void> {
  const { port, unknownKey, rate, tokens, seed } = flags
  const scripts = { ...(await scriptsInFile(flags.scriptFile)), ...scriptsOf(flags.script ?? []) }
  const server = await startMock({ port, unknownKey, rate, tokens, seed, scripts, keep: 0, clock })
  const ended = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  out.show({ url: server.url }, () => server.url)
  out.say(`a simulated provider listens there; Ctrl-C ends it`)
  server.onRequest(({ method, url, key }) => {
    out.say(`${method} ${printable(url)}  ${key === '' ? 'no key' : printable(mask(key))}`)
  })
  await ended
  await server.close()
}

async function scriptsInFile(file: string | undefined): Promise<Scripts> {
  if (file === undefined) return {}
  const path = resolve(file)
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new BalanceError('usage', `${path} cannot be read (${cause.code}).`, { cause })
  })
  return scriptsFromObject(readDocument({ path, text }).value)
}

function scriptsOf(words: readonly string[]): Scripts {
  const pairs = words.map(word => {
    const at = word.indexOf('=')
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)]
    throw new BalanceError('usage', '--script takes KEY=SCRIPT.', {
      hint: 'For example --script sk-bad=401 or --script "*=429:2s,ok".',
    })
  })
  return scriptsFromObject(Object.fromEntries(pairs))
}
