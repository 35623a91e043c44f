import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BalanceError } from '../base/errors.ts'
import { Child, startProgram } from './child.ts'
import { CHAT, type Contender, type Upstreams } from './contender.ts'
import { answers, freePort } from './ports.ts'
import type { Door } from './request.ts'

/** Another gateway, and how it is started and asked. */
export interface Peer {
  readonly name: string
  /** Shown in the report; null where it is not known. */
  readonly version: string | null
  /** A line for `sh`; `{port}` and `{upstream}` (http://127.0.0.1:PORT, without /v1) are put in. */
  readonly command: string
  /** Their values may name `{upstream}` too. */
  readonly headers: Readonly<Record<string, string>>
}

/** Two processes, for a peer knows one upstream only: one for each. */
export async function startPeer(
  peer: Peer,
  { json, paced }: Upstreams,
  pin: boolean,
): Promise<Contender> {
  const first = await start(peer, json, pin)
  const second = await start(peer, paced, pin).catch(async error => {
    await first.end()
    throw error
  })
  return {
    name: peer.name,
    pids: [first.pid, second.pid],
    json: first.door,
    paced: second.door,
    peer: true,
    gauge: null,
    async end() {
      await Promise.all([first.end(), second.end()])
    },
  }
}

async function start(peer: Peer, upstreamPort: number, pin: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'balance-bench-peer-'))
  const port = await freePort()
  const upstream = `http://127.0.0.1:${upstreamPort}`
  const filled = (text: string) =>
    text.replaceAll('{port}', String(port)).replaceAll('{upstream}', upstream)
  const command = ['/bin/sh', '-c', `exec ${filled(peer.command)}`]
  const program = startProgram(command, folder, { core: 'contender', pin })
  const child = new Child<never>(program)
  const end = async () => {
    await child.end()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await answers(peer.name, program, port)
  } catch (error) {
    await end()
    throw error
  }
  const headers = Object.entries(peer.headers).map(([name, value]) => [name, filled(value)])
  const door: Door = {
    port,
    path: CHAT,
    headers: { authorization: 'Bearer sk-bench', ...Object.fromEntries(headers) },
  }
  return { pid: child.pid, door, end }
}

const PORTKEY = '@portkey-ai/gateway'

/**
 * Portkey's gateway, where npm has installed it.
 * @param folder that has it in its node_modules; null: wherever this program would find it
 * @returns null where nobody asked for it and it is not there
 * @throws BalanceError no_such
 */
export function findPortkey(folder: string | null): Peer | null {
  const places =
    folder === null
      ? (createRequire(import.meta.url).resolve.paths(PORTKEY) ?? [])
      : [join(folder, 'node_modules')]
  const found = places.map(place => join(place, PORTKEY)).find(path => existsSync(path))
  if (found === undefined) {
    if (folder === null) return null
    throw new BalanceError('no_such', `${folder} has no ${PORTKEY} in its node_modules.`, {
      hint: `Install it there: npm install --prefix ${folder} ${PORTKEY}`,
    })
  }
  const { version } = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as {
    version: string
  }
  const script = join(found, 'build/start-server.js')
  return {
    name: 'portkey',
    version,
    command: `'${process.execPath}' '${script}' --headless --port={port}`,
    headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': '{upstream}/v1' },
  }
}
