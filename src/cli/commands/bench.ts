import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { BalanceError, CATALOGUE, type ErrorCode } from '../../base/errors.ts'
import { gather, whole } from '../option-values.ts'
import type { Output } from '../output.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .argument('[file]', 'where the report is written to as JSON, besides the table')
    .option('--quick', 'see that everything works, in some seconds; the figures are none')
    .option('--only <names>', 'scenarios, with commas: json,stream,body,…')
    .option('--rounds <n>', 'of which medians are taken (7)', whole('--rounds', 1, 99))
    .option('--streams <n>', 'open at once in many-streams (1000)', whole('--streams', 10, 4_000))
    .option('--portkey <dir>', 'folder whose node_modules has @portkey-ai/gateway')
    .option('--peer <name=command>', 'another gateway; repeatable', gather)
    .option('--peer-header <name=header: value>', 'sent to it; repeatable', gather)
    .addHelpText('after', HELP)
    .action(run(bench))
}

const HELP = `
Measures what a request costs here, against nginx, a bare pass-through of Node, and other
gateways, each by itself on one core, in turns. The whole takes about 20 minutes on a host
that does nothing else. Needs taskset and two cores; CPU and memory need Linux.

A peer's command listens on 127.0.0.1:{port} and sends requests to {upstream}, which is
http://127.0.0.1:PORT. It is run by sh in a folder of its own, with nothing of this
environment but PATH=/usr/local/bin:/usr/bin:/bin.

Examples:
  $ balance bench
  $ balance bench --json report.json
  $ balance bench --quick --only json,stream
  $ npm install --prefix /tmp/peers @portkey-ai/gateway && balance bench --portkey /tmp/peers
  $ balance bench --peer "mine=/opt/mine --listen 127.0.0.1:{port} --to {upstream}/v1"`

interface BenchFlags {
  readonly quick?: true
  readonly only?: string
  readonly rounds?: number
  readonly streams?: number
  readonly portkey?: string
  readonly peer?: readonly string[]
  readonly peerHeader?: readonly string[]
}

async function bench({ out }: Session, file: string | undefined, flags: BenchFlags): Promise<void> {
  const { report, text } = await measured(argumentsOf(flags), out)
  if (file === undefined) return out.show(report, () => text)
  const path = resolve(file)
  await writeFile(path, `${JSON.stringify(report, null, 2)}\n`).catch((cause: Error) => {
    throw new BalanceError('failed', `${path} cannot be written: ${cause.message}`, { cause })
  })
  out.line(text)
}

function argumentsOf(flags: BenchFlags): string[] {
  const option = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [`--${name}=${value}`]
  return [
    ...(flags.quick ? ['--quick'] : []),
    ...option('only', flags.only),
    ...option('rounds', flags.rounds),
    ...option('streams', flags.streams),
    ...option('portkey', flags.portkey && resolve(flags.portkey)),
    ...(flags.peer ?? []).flatMap(peer => option('peer', peer)),
    ...(flags.peerHeader ?? []).flatMap(header => option('peer-header', header)),
  ]
}

/** What the bench says while it runs, as src/bench/run.ts has it. */
interface Told {
  readonly progress?: string
  readonly report?: object
  readonly text?: string
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string | null }
}

/** What the bench exits with once it has ended all that it started. */
const INTERRUPTED = 130

/** A process of its own: what it measures must not carry the weight of this one. */
function measured(args: readonly string[], out: Output): Promise<{ report: object; text: string }> {
  const script = fileURLToPath(new URL('./bench.js', import.meta.url))
  const child = spawn(process.execPath, [script, 'run', ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // Ctrl-C reaches the child too, which ends what it has started; this one waits for it.
  process.once('SIGINT', () => {})
  process.once('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.on('message', ({ progress, report, text = '', error }: Told) => {
      if (progress !== undefined) out.say(progress)
      if (report !== undefined) resolve({ report, text })
      if (error !== undefined) reject(failure(error))
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const how = code === INTERRUPTED ? 'was interrupted' : `ended early (${code ?? signal})`
      reject(new BalanceError('failed', `The bench ${how}.`))
    })
  })
}

function failure({ code, message, hint }: NonNullable<Told['error']>): BalanceError {
  const known = code in CATALOGUE ? (code as ErrorCode) : 'failed'
  return new BalanceError(known, message, hint === null ? {} : { hint })
}
