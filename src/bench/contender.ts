import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Child, cleanEnvironment, pinned, type Ready, startRole } from './child.ts'

/** Something that passes requests on, and is measured while it does. */
export interface Contender {
  readonly name: 'direct' | 'bare' | 'balance'
  /** Null for what is no process: the upstream itself. */
  readonly pid: number | null
  readonly port: number
  readonly token: string
  end(): Promise<void>
}

export const BINARY = fileURLToPath(new URL('../bin/balance.js', import.meta.url))

const KEYS = 5

/** No contender at all: what latency is compared with. */
export function direct(upstreamPort: number): Contender {
  const end = () => Promise.resolve()
  return { name: 'direct', pid: null, port: upstreamPort, token: 'none', end }
}

export async function startBare(upstreamPort: number, pin: boolean): Promise<Contender> {
  const child = startRole<Ready>('bare', [String(upstreamPort)], 'contender', pin)
  const { port } = await child.report()
  return { name: 'bare', pid: child.pid, port, token: 'none', end: () => child.end() }
}

/** The daemon as operators run it: its own store on disk, one provider, five keys, a client token. */
export async function startBalance(upstreamPort: number, pin: boolean): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'balance-bench-'))
  const baseUrl = `http://127.0.0.1:${upstreamPort}/v1`
  command(folder, ['providers', 'add', 'bench', '--base-url', baseUrl])
  const keys = Array.from({ length: KEYS }, (_, i) => `sk-bench-0123456789abcdef${i}`)
  command(folder, ['keys', 'add', 'bench'], `${keys.join('\n')}\n`)
  const { token } = command(folder, ['tokens', 'create', 'bench']) as { token: string }

  const serve = ['serve', '--port', '0', '--log-level', 'info', '--json', '--data-dir', folder]
  const [file = '', ...rest] = pinned([process.execPath, BINARY, ...serve], 'contender', pin)
  const daemon = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: cleanEnvironment(folder),
    cwd: folder,
  })
  const child = new Child<never>(daemon)
  const { url } = (await firstDocument(daemon.stdout)) as { url: string }
  return {
    name: 'balance',
    pid: child.pid,
    port: Number(new URL(url).port),
    token,
    async end() {
      await child.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Runs one command to its end; gives what it printed. */
function command(folder: string, args: readonly string[], input = ''): unknown {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [BINARY, ...args, '--json', '--data-dir', folder],
    { input, encoding: 'utf8', env: cleanEnvironment(folder), cwd: folder },
  )
  if (status !== 0) throw new Error(`balance ${args.join(' ')} exited ${status}: ${stderr}`)
  return JSON.parse(stdout)
}

/** The first JSON document printed, on however many lines. */
async function firstDocument(stdout: NodeJS.ReadableStream): Promise<unknown> {
  let text = ''
  for await (const line of createInterface({ input: stdout })) {
    text += line
    try {
      return JSON.parse(text)
    } catch {
      // It goes on in the next line.
    }
  }
  throw new Error(`balance serve ended before it listened: ${text}`)
}
