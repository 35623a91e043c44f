import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BootstrapFlags, type LoadedConfig, loadConfig } from '../../src/model/config.ts'

/** A world of its own for loadConfig: a working folder, a home and an /etc, all in one temporary folder. */
export class ConfigFolder {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'balance-config-')))
  readonly cwd = join(this.root, 'work')
  readonly home = join(this.root, 'home')
  readonly etc = join(this.root, 'etc')

  constructor() {
    for (const folder of [this.cwd, this.home, this.etc]) mkdirSync(folder)
  }

  /** Writes a file below the root, and returns its path. */
  write(path: string, text: string, mode = 0o644): string {
    const full = join(this.root, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text, { mode })
    return full
  }

  load(flags: BootstrapFlags = {}, env: NodeJS.ProcessEnv = {}): LoadedConfig {
    return loadConfig({ flags, env: { HOME: this.home, ...env }, cwd: this.cwd, etc: this.etc })
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
