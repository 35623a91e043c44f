import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** What the base image's environment has. */
export const BASE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

export interface Launch {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** `uid:gid`; root unless given. */
  readonly user?: string
  /** As a container that may write nowhere but to its mounts and a /tmp of its own. */
  readonly readOnly?: boolean
  /** Path inside → folder or file of this host. */
  readonly mounts?: Readonly<Record<string, string>>
}

/**
 * The root of a file system like that of node:24-bookworm-slim: this host's Debian, to be read only, with
 * Node and npm of other versions in /usr/local. Programs run in it by chroot, in a mount and a process
 * namespace of their own, as process 1.
 */
export class Root {
  readonly path: string
  readonly #local: string

  /** @param commands folder with `node` and `npm`, as Engines makes them */
  constructor(path: string, local: string) {
    this.path = path
    this.#local = local
    for (const name of ['dev', 'etc', 'home/node', 'proc', 'root/.npm', 'run', 'tmp', 'usr']) {
      mkdirSync(join(path, name), { recursive: true })
    }
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${name}`, join(path, name))
    for (const name of ['hosts', 'ld.so.cache', 'nsswitch.conf', 'resolv.conf', 'ssl']) {
      const from = join('/etc', name)
      if (existsSync(from))
        cpSync(from, join(path, 'etc', name), { recursive: true, dereference: true })
    }
    const users = 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n'
    writeFileSync(join(path, 'etc/passwd'), users)
    writeFileSync(join(path, 'etc/group'), 'root:x:0:\nnode:x:1000:\n')
  }

  /** Starts a program in it; killed with all its children when it is killed. */
  start(command: readonly string[], launch: Launch): ChildProcess {
    const script = [
      'set -e',
      ...this.#mounts(launch),
      `exec chroot ${this.path} /usr/bin/env -i -C ${launch.cwd} ${asUser(launch.user)} "$@"`,
    ].join('\n')
    const environment = Object.entries(launch.env).map(([name, value]) => `${name}=${value}`)
    const namespaces = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL']
    const args = [...namespaces, 'sh', '-c', script, 'sh', ...environment, ...command]
    return spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  }

  #mounts({ readOnly, mounts = {} }: Launch): string[] {
    const at = (name: string) => join(this.path, name)
    const cache = process.env.npm_config_cache ?? join(homedir(), '.npm')
    mkdirSync(cache, { recursive: true })
    for (const [inside, outside] of Object.entries(mounts)) touch(at(inside), outside)
    return [
      ...(readOnly ? [`mount --bind ${this.path} ${this.path}`] : []),
      ...(readOnly ? [`mount -o remount,bind,ro ${this.path}`] : []),
      `mount --bind /usr ${at('usr')}`,
      `mount -o remount,bind,ro ${at('usr')}`,
      `mount --bind ${this.#local} ${at('usr/local')}`,
      `mount --rbind /dev ${at('dev')}`,
      `mount -t proc proc ${at('proc')}`,
      ...(readOnly
        ? [`mount -t tmpfs -o mode=1777 tmpfs ${at('tmp')}`]
        : [`mount --bind ${cache} ${at('root/.npm')}`]),
      ...Object.entries(mounts).map(([to, from]) => `mount --bind ${from} ${at(to)}`),
    ]
  }
}

/** What goes before a program that is to run as that user, without any capability, for good. */
export function asUser(user: string | undefined): string {
  if (user === undefined) return ''
  const [uid, gid = uid] = user.split(':')
  const rights = '--clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all'
  return `/usr/bin/setpriv --reuid=${uid} --regid=${gid} ${rights} /usr/bin/env`
}

/** A place for a mount of that folder or file. */
function touch(inside: string, outside: string): void {
  const isFolder = statSync(outside).isDirectory()
  mkdirSync(isFolder ? inside : dirname(inside), { recursive: true })
  if (!isFolder) appendFileSync(inside, '')
}
