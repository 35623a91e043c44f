import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Where Docker and Podman put a container's secrets ("Manage sensitive data with Docker secrets"). */
const FOLDER = '/run/secrets'

/**
 * Whether a container engine has put this file here for this container alone: each secret is a mount of
 * its own. Engines make them readable by all (0444) and root's, for any user of the container to read.
 */
export function isSecretMount(path: string): boolean {
  return dirname(path) === FOLDER && mountPoints().includes(path)
}

/** The fifth field of each line (proc_pid_mountinfo, 5); none where the system has no such file. */
function mountPoints(): string[] {
  try {
    const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    return lines.map(line => unescaped(line.split(' ')[4] ?? ''))
  } catch {
    return []
  }
}

/** A space in a path is written `\040` there, and so on. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  )
}
