import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../.ci/release/main.js', import.meta.url))

/** The path of the tarball that a release publishes, made in this folder. */
export function packed(folder: string, name?: string): string {
  const args = [script, 'pack', folder, ...(name === undefined ? [] : [name])]
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim()
}
