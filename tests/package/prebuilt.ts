import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'

/** Where better-sqlite3 12 finds its prebuilt binary. */
export interface Prebuilt {
  readonly env: Readonly<Record<string, string>>
  close(): void
}

const library = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'))
const BINARY = 'build/Release/better_sqlite3.node'

/**
 * A server of prebuilt binaries as its releases have them, with the one that this checkout runs on;
 * where there is none to give, the customer's npm looks for it where everybody's does.
 */
export async function servePrebuilt(): Promise<Prebuilt> {
  if (!existsSync(join(library, BINARY))) return { env: {}, close: () => {} }
  const { version } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8')) as {
    version: string
  }
  const archive = execFileSync('tar', ['-czf', '-', '-C', library, BINARY], { maxBuffer: 1e8 })
  const { modules } = process.versions
  const name = `better-sqlite3-v${version}-node-v${modules}-${process.platform}-${process.arch}.tar.gz`
  const server = createServer((request, response) => {
    const known = request.url === `/v${version}/${name}`
    response.writeHead(known ? 200 : 404).end(known ? archive : undefined)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    env: { npm_config_better_sqlite3_binary_host: `http://127.0.0.1:${port}` },
    close: () => void server.close(),
  }
}
