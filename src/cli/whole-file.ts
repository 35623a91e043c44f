import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'

/** Writes a file that has the old content or the new one, whoever reads it and whatever happens. */
export function writeWhole(path: string, content: string, mode: number): void {
  const draft = `${path}.${process.pid}.new`
  try {
    writeFileSync(draft, content, { mode })
    // Whatever the umask.
    chmodSync(draft, mode)
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
