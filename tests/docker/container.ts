import { type ChildProcess, execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ended } from '../support/command-line.ts'
import { eventually } from '../support/daemon.ts'
import type { Image } from './image.ts'
import { asUser } from './root.ts'

export interface ContainerOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly user?: string
  /** Path inside → file of this host. */
  readonly mounts?: Readonly<Record<string, string>>
}

/**
 * A container of the image as compose.yaml makes it: its command is process 1 of a process namespace, as
 * the image's user, on a root that cannot be written, with a volume of its own. It shares the network of
 * this host, so its port is another.
 */
export class Container {
  readonly port: number
  readonly volume: string
  readonly #image: Image
  readonly #env: Readonly<Record<string, string>>
  readonly #user: string | undefined
  readonly #process: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''

  private constructor(image: Image, port: number, options: ContainerOptions) {
    const { root, env, workdir: cwd, user } = image.stage
    const { entrypoint, command, volumes } = image.settings
    this.#image = image
    this.port = port
    this.#user = options.user ?? user
    this.volume = mkdtempSync(join(tmpdir(), 'bal-volume-'))
    this.#env = { HOME: '/home/node', ...env, BALANCE_LISTEN: `0.0.0.0:${port}`, ...options.env }
    const [data = ''] = volumes
    // A new volume is given what the image has there, with its owner and mode.
    execFileSync('cp', ['-aT', join(root.path, data), this.volume])
    if (options.user !== undefined) execFileSync('chown', ['-R', options.user, this.volume])
    this.#process = root.start([...entrypoint, ...command], {
      env: this.#env,
      cwd,
      readOnly: true,
      ...(this.#user === undefined ? {} : { user: this.#user }),
      mounts: { [data]: this.volume, ...options.mounts },
    })
    this.#process.stdout?.on('data', chunk => {
      this.stdout += chunk
    })
    this.#process.stderr?.on('data', chunk => {
      this.stderr += chunk
    })
    this.ended = new Promise(resolve => {
      this.#process.on('close', code => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  static async start(image: Image, options: ContainerOptions = {}): Promise<Container> {
    return new Container(image, await freePort(), options)
  }

  /** Resolves when the image's own health check says so. */
  async healthy(): Promise<void> {
    let checked = ''
    const check = async () => {
      if (this.#process.exitCode !== null) throw new Error(`It has ended: ${this.stderr}`)
      if (!this.#hasBegun) return false
      const { code, stderr } = await this.exec(this.#image.settings.healthcheck)
      checked = stderr
      return code === 0
    }
    await eventually(check, 'healthy', 20_000, 100).catch((cause: Error) => {
      throw new Error(`${cause.message}: ${checked}\n${this.stderr}`, { cause })
    })
  }

  /** Runs a program in it, as `docker exec` does. */
  exec(command: readonly string[], stdin = ''): Promise<Ended> {
    const environment = Object.entries(this.#env).map(([name, value]) => `${name}=${value}`)
    const user = asUser(this.#user).split(' ')
    const { workdir } = this.#image.stage
    const into = ['--target', `${this.pid}`, '--mount', '--pid', '--root']
    const args = [...into, '/usr/bin/env', '-i', '-C', workdir, ...user, ...environment, ...command]
    return new Promise(resolve => {
      const running = execFile('nsenter', args, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
      })
      running.stdin?.on('error', () => {})
      running.stdin?.end(stdin)
    })
  }

  /** Process 1, by the number that it has on this host. */
  get pid(): number {
    const first = Number.parseInt(this.#children, 10)
    // Number 0 would be this test's own process group.
    if (!(first > 1)) throw new Error(`It does not run: ${this.stderr}`)
    return first
  }

  get #hasBegun(): boolean {
    return this.#children !== ''
  }

  get #children(): string {
    const { pid } = this.#process
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  }

  /** What a container engine sends first when it stops one. */
  stop(): Promise<Ended> {
    process.kill(this.pid, this.#image.settings.stopSignal)
    return this.ended
  }

  async remove(): Promise<void> {
    if (this.#process.exitCode === null) {
      // The end of unshare does not reach a program that has become another user.
      process.kill(this.#hasBegun ? this.pid : Number(this.#process.pid), 'SIGKILL')
    }
    await this.ended
    rmSync(this.volume, { recursive: true, force: true })
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}
