import { once } from 'node:events'
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { BalanceError } from '../base/errors.ts'

/** Where much data goes; a write resolves when the next one may follow. */
export interface Sink {
  write(text: string): Promise<void>
  close(): Promise<void>
}

/** stdout, no faster than its reader reads. */
export const stdoutSink: Sink = {
  write: text => writeOut(text),
  async close() {},
}

/** Writes to stdout; resolves when its reader has room for more, or has been given up. */
export async function writeOut(text: string, end?: AbortSignal): Promise<void> {
  if (process.stdout.write(text)) return
  await once(process.stdout, 'drain', end ? { signal: end } : {}).catch(error => {
    if (!end?.aborted) throw error
  })
}

/**
 * A file, written anew and readable by its owner alone.
 * @throws BalanceError failed, where it cannot be written
 */
export async function fileSink(given: string): Promise<Sink> {
  const path = resolve(given)
  const told = (cause: NodeJS.ErrnoException): never => {
    throw new BalanceError('failed', `${path} cannot be written (${cause.code}).`, { cause })
  }
  const file: FileHandle = await open(path, 'w', 0o600).catch(told)
  return {
    write: text => file.writeFile(text).catch(told),
    close: () => file.close().catch(told),
  }
}
