import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CACHE = join(ROOT, 'node_modules', '.cache')

/**
 * Bundles TypeScript for a thread or a process of its own, as a release is bundled.
 * It lies below node_modules, from where the two native drivers are found.
 */
export async function bundle(code: string): Promise<{ url: URL; remove(): void }> {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'balance-'))
  const outfile = join(folder, 'bundle.mjs')
  await build({
    stdin: { contents: code, resolveDir: join(ROOT, 'src', 'store'), loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3', 'mysql2'],
  })
  return {
    url: pathToFileURL(outfile),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
