import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { World } from './daemon.ts'

/** Whether a file system of our own can be mounted: by root, and not in every container. */
export const canMount = tryToMount()

if (!canMount) console.log('SKIPPED: the tests with a full disk, because none can be mounted.')

/** Surroundings whose data folder is a disk of its own, which can be filled up. */
export class SmallDiskWorld extends World {
  readonly #ballast = join(this.dataDir, 'ballast')
  readonly #unmount = () => unmount(this.dataDir)

  constructor(megabytes: number) {
    super()
    mkdirSync(this.dataDir)
    mount(this.dataDir, `size=${megabytes}m`)
    process.once('exit', this.#unmount)
  }

  /** Leaves no page free. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'wx')
    try {
      for (const bytes of [1_048_576, 4_096]) await writeUntilFull(file, Buffer.alloc(bytes))
    } finally {
      await file.close()
    }
  }

  free(): Promise<void> {
    return rm(this.#ballast, { force: true })
  }

  override async remove(): Promise<void> {
    process.off('exit', this.#unmount)
    try {
      this.#unmount()
    } finally {
      await super.remove()
    }
  }
}

type Writable = Pick<Awaited<ReturnType<typeof open>>, 'write'>

async function writeUntilFull(file: Writable, chunk: Buffer): Promise<void> {
  try {
    for (;;) await file.write(chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

function tryToMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'bal-disk-'))
  try {
    mount(folder, 'size=1m')
    unmount(folder)
    return true
  } catch {
    return false
  } finally {
    rmdirSync(folder)
  }
}

function mount(folder: string, options: string): void {
  const args = ['-t', 'tmpfs', '-o', `mode=0700,${options}`, 'tmpfs', folder]
  execFileSync('mount', args, { stdio: 'ignore' })
}

/** At once, also under a daemon that still has files open there. */
function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
}
