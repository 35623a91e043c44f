import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ended, Program } from './daemon.ts'
import type { ListeningSocket } from './listening-socket.ts'

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
/** How the program is called there. */
export const INSTALLED = ['/opt/node', '/opt/balance/bin/balance.js'] as const

/** Copies of what an installation changes, in their places; the program where all may read it. */
const SETUP = `
set -e
cd "$1"
cp -a /etc etc
rm -rf etc/balance etc/systemd/system/balance.*
mkdir lib run opt opt/balance
mount --bind "$2" opt/balance
touch opt/node
mount --bind "$3" opt/node
for name in etc run opt; do mount --rbind $name /$name; done
mount --bind lib /var/lib
echo ready
exec sleep infinity
`

/**
 * A host of its own as far as files go: root installs the service in it and gives commands, and its
 * unit is started by hand, as systemd would. Ports and processes are those of this host.
 */
export class ServiceHost {
  readonly #root = mkdtempSync(join(tmpdir(), 'bal-host-'))
  readonly #mounts: Program
  readonly #running = new Set<Program>()

  private constructor() {
    mkdirSync(join(this.#root, 'home'))
    this.#mounts = new Program(
      ['unshare', '--mount', 'sh', '-c', SETUP, 'sh', this.#root, REPOSITORY, process.execPath],
      '/',
      { PATH: process.env.PATH ?? '' },
    )
  }

  static async create(): Promise<ServiceHost> {
    const host = new ServiceHost()
    await host.#mounts.line()
    return host
  }

  /** Runs a command line of root's. */
  run(line: readonly string[], stdin = ''): Promise<Ended> {
    const program = this.#start(line, this.#rootsEnvironment)
    program.process.stdin?.on('error', () => {})
    program.process.stdin?.end(stdin)
    return program.ended
  }

  /** Runs `balance` as root does in a shell. Fails unless it exits 0. */
  async balance(args: readonly string[], stdin = ''): Promise<Ended> {
    const ended = await this.run([...INSTALLED, ...args], stdin)
    if (ended.code !== 0) throw new Error(`balance ${args.join(' ')}: ${ended.stderr}`)
    return ended
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse((await this.balance([...args, '--json'])).stdout) as T
  }

  async write(path: string, text: string, mode: string): Promise<void> {
    const script = 'mkdir -p "$(dirname "$0")" && cat > "$0" && chmod "$1" "$0"'
    await this.run(['sh', '-c', script, path, mode], text)
  }

  async read(path: string): Promise<string> {
    return (await this.run(['cat', path])).stdout
  }

  /** `USER MODE PATH` of all that is there, in their order. */
  async owners(folder: string): Promise<string[]> {
    const { stdout } = await this.run(['find', folder, '-printf', '%u %m %p\n'])
    return stdout.trim().split('\n').sort()
  }

  /** Starts the installed service as its unit says and systemd would; it has the socket. */
  async startService(socket: ListeningSocket): Promise<Program> {
    const unit = settings(await this.read('/etc/systemd/system/balance.service'))
    const [user] = unit('User')
    const credentials = '/run/credentials/balance.service'
    const folders = [
      ...unit('RuntimeDirectory').map(name => [`/run/${name}`, '700']),
      ...unit('StateDirectory').map(name => [`/var/lib/${name}`, '700']),
      [credentials, '700'],
    ]
    for (const [path, mode] of folders) {
      await this.run(['install', '-d', '-o', `${user}`, '-m', `${mode}`, `${path}`])
    }
    for (const credential of unit('LoadCredential')) {
      const [name, from] = credential.split(':')
      await this.run(['install', '-o', `${user}`, '-m', '400', `${from}`, `${credentials}/${name}`])
    }
    const given = unit('Environment').map(word => word.split(/=(.*)/s) as [string, string])
    const drop = ['--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']
    const program = this.#start(
      [
        ...['setpriv', `--reuid=${user}`, `--regid=${user}`, ...drop],
        ...['sh', '-c', 'umask 077; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"'],
        ...(unit('ExecStart')[0]?.split(' ') ?? []),
      ],
      {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
        HOME: '/var/lib/balance',
        STATE_DIRECTORY: '/var/lib/balance',
        RUNTIME_DIRECTORY: '/run/balance',
        CREDENTIALS_DIRECTORY: credentials,
        ...Object.fromEntries(given),
      },
      [socket],
    )
    await program.said('"msg":"listening"')
    return program
  }

  async remove(): Promise<void> {
    const left = [...this.#running, this.#mounts]
    for (const program of left) program.process.kill('SIGKILL')
    await Promise.all(left.map(program => program.ended))
    rmSync(this.#root, { recursive: true, force: true })
  }

  get #rootsEnvironment(): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: join(this.#root, 'home') }
  }

  #start(
    line: readonly string[],
    env: Readonly<Record<string, string>>,
    sockets: readonly ListeningSocket[] = [],
  ): Program {
    const inside = ['nsenter', `--target=${this.#mounts.pid}`, '--mount', '--wd=/', ...line]
    const program = new Program(inside, '/', env, sockets)
    this.#running.add(program)
    void program.ended.then(() => this.#running.delete(program))
    return program
  }
}

/** The values of a setting of a unit, in their order. */
function settings(unit: string): (name: string) => string[] {
  const lines = unit.split('\n')
  return name =>
    lines.filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1))
}
