import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join } from 'node:path'
import { PAGE_HEADERS } from '../../gateway/dashboard.ts'

interface Asset {
  readonly type: string
  /** Its name has a hash of its content. */
  readonly hashed: boolean
  readonly plain: Buffer
  readonly br: Buffer | null
  readonly gzip: Buffer | null
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * The page's files, read once. What is asked for is looked up by its whole path, so that none leads
 * to the disk.
 */
export class Assets {
  readonly #files = new Map<string, Asset>()

  /** @param folder with index.html, assets/*, and each also as *.br and *.gz; it may not be there */
  constructor(folder: string) {
    const names = namesIn(folder)
    for (const name of names) {
      if (/\.(br|gz)$/.test(name)) continue
      const path = name === 'index.html' ? '/admin/' : `/admin/${name}`
      const read = (suffix: string) =>
        names.includes(`${name}${suffix}`) ? readFileSync(join(folder, `${name}${suffix}`)) : null
      this.#files.set(path, {
        type: TYPES[extname(name)] ?? 'application/octet-stream',
        hashed: name.startsWith('assets/'),
        plain: readFileSync(join(folder, name)),
        br: read('.br'),
        gzip: read('.gz'),
      })
    }
  }

  /** Sends the file of this path; false where there is none. */
  send(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const asset = this.#files.get(path)
    if (asset === undefined) return false
    const accepted = String(request.headers['accept-encoding'] ?? '')
    const [coding, body] = smallest(asset, accepted)
    response.writeHead(200, {
      ...PAGE_HEADERS,
      ...(asset.hashed ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
      'content-type': asset.type,
      'content-length': body.length,
      vary: 'accept-encoding',
      ...(coding === null ? {} : { 'content-encoding': coding }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
    return true
  }
}

function smallest({ br, gzip, plain }: Asset, accepted: string): [string | null, Buffer] {
  if (br !== null && /\bbr\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accepted)) return ['br', br]
  if (gzip !== null && /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(accepted)) return ['gzip', gzip]
  return [null, plain]
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(join(folder, '/').length))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
