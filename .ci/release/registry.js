import { spawnSync } from 'node:child_process'
import { Refusal } from './refusal.js'
import { isPreRelease, root, versionOf } from './version.js'

/**
 * Publishes the tarball, with provenance, under a name that is ours or nobody's. A pre-release does not
 * become what npm installs by itself. A version that is there already is left as it is.
 * @throws {Refusal} where we are nobody, or the name is somebody else's
 */
export function publish(tarball, name) {
  const version = versionOf(root)
  const owners = ownersOf(name)
  refuseOthersName(name, whoami(), owners)
  if (owners !== null && isThere(name, version)) return `${name}@${version} is published already`
  const tag = isPreRelease(version) ? 'next' : 'latest'
  const { status } = npm(
    ['publish', tarball, '--provenance', '--access', 'public', '--tag', tag],
    'inherit',
  )
  if (status !== 0) throw new Refusal(`npm did not take ${name}@${version}: see above`)
  return `${name}@${version}`
}

function refuseOthersName(name, user, owners) {
  if (owners === null || owners.includes(user)) return
  throw new Refusal(
    `${name} on npm belongs to ${owners.join(', ')}, not to ${user}: set the variable NPM_NAME to a name of your own, or remove it to publish the image alone`,
  )
}

function whoami() {
  const { status, stdout } = npm(['whoami'])
  if (status === 0) return stdout.trim()
  throw new Refusal('npm does not know us: the secret NPM_TOKEN is missing, or was revoked')
}

/** Null where nobody has the name yet. */
function ownersOf(name) {
  const { status, stdout, stderr } = npm(['owner', 'ls', name])
  if (status === 0)
    return stdout
      .trim()
      .split('\n')
      .map(line => line.split(' ')[0])
  if (/E404/.test(stderr)) return null
  throw new Refusal(`npm does not say whose ${name} is: ${stderr.trim()}`)
}

function isThere(name, version) {
  return npm(['view', `${name}@${version}`, 'version']).stdout.trim() === version
}

function npm(args, output = 'pipe') {
  return spawnSync('npm', args, { encoding: 'utf8', stdio: ['ignore', output, output] })
}
