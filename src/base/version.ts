import { existsSync, readFileSync } from 'node:fs'

/** The program's version, from the VERSION file at the top: one folder above dist/, two above src/base/. */
export const VERSION: string = readVersion()

function readVersion(): string {
  const built = new URL('../VERSION', import.meta.url)
  const file = existsSync(built) ? built : new URL('../../VERSION', import.meta.url)
  return readFileSync(file, 'utf8').trim()
}
