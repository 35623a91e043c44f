import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { AddressInfo, Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../base/clock.ts'

/** A process of the bench, told by messages; `R` is what it reports back. */
export class Child<R> {
  readonly process: ChildProcess

  constructor(process: ChildProcess) {
    this.process = process
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get #hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }

  /** The next report; rejects when it ends before. */
  report(): Promise<R> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('A process of the bench ended.'))
      if (this.#hasEnded) return ended()
      this.process.once('exit', ended)
      this.process.once('message', report => {
        this.process.off('exit', ended)
        resolve(report as R)
      })
    })
  }

  ask(question: object): Promise<R> {
    const report = this.report()
    // That it cannot be sent means that the process ended, which the report says.
    this.process.send(question, () => {})
    return report
  }

  async end(): Promise<void> {
    if (this.#hasEnded) return
    const ended = new Promise(resolve => this.process.once('exit', resolve))
    this.process.kill('SIGTERM')
    const impatient = systemClock.after(PATIENCE_MS, () => this.process.kill('SIGKILL'))
    await ended
    impatient.stop()
  }
}

/** A process that does not end by itself is ended after it. */
const PATIENCE_MS = 5_000

/** Where the build lies: around this code, or beside its source. */
export const BUILT = existsSync(new URL('./bench.js', import.meta.url))
  ? new URL('./', import.meta.url)
  : new URL('../../dist/', import.meta.url)

/** Where processes run: the contender by itself, what drives it elsewhere. */
export type Core = 'contender' | 'driver'

const CORES: Readonly<Record<Core, string>> = { contender: '1', driver: '0' }
const TASKSET = '/usr/bin/taskset'

/** Whether processes can be kept on cores of their own: util-linux's taskset, and both cores for us. */
export function canPin(): boolean {
  const mayUse = (core: string) => spawnSync(TASKSET, ['-c', core, '/bin/true']).status === 0
  return existsSync(TASKSET) && Object.values(CORES).every(mayUse)
}

/** What to run so that the command stays on its core. */
export function pinned(command: readonly string[], core: Core, pin: boolean): string[] {
  return pin ? [TASKSET, '-c', CORES[core], ...command] : [...command]
}

/** Nothing of this host's environment may change what is measured. */
export function cleanEnvironment(home: string): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, XDG_RUNTIME_DIR: home }
}

/** A process of somebody else's, which prints nothing that is read. */
export function startProgram(
  command: readonly string[],
  folder: string,
  pin: { readonly core: Core; readonly pin: boolean },
): ChildProcess {
  const [file = '', ...rest] = pinned(command, pin.core, pin.pin)
  return spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(folder),
    cwd: folder,
  })
}

/** Starts this program again in another role. */
export function startRole<R>(
  role: string,
  args: readonly string[],
  core: Core,
  pin: boolean,
  nodeOptions: readonly string[] = [],
) {
  const script = fileURLToPath(new URL('./bench.js', BUILT))
  const command = [process.execPath, ...nodeOptions, script, role, ...args]
  const [file = '', ...rest] = pinned(command, core, pin)
  return new Child<R>(
    spawn(file, rest, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: cleanEnvironment('/nonexistent'),
    }),
  )
}

/** What a role reports first. */
export interface Ready {
  readonly port: number
}

export function reportReady(port: number): void {
  process.on('disconnect', () => process.exit())
  process.send?.({ port } satisfies Ready)
}

/** As nginx and the gateway have it: no contender loses a connection that the others would keep. */
const BACKLOG = 4_096

export function listenOnLoopback(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', BACKLOG, () => resolve((server.address() as AddressInfo).port))
  })
}
