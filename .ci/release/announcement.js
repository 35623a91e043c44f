import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal } from './refusal.js'
import { isPreRelease } from './version.js'

/** The arguments of `gh` that make the release on GitHub out of what an earlier step has put in a folder. */
export function announcement(version, folder) {
  const files = readdirSync(folder)
  const [tarball] = files.filter(name => name.endsWith('.tgz'))
  for (const name of [tarball, 'sbom.cdx.json', 'notes.md']) {
    if (!files.includes(name)) throw new Refusal(`${folder} does not hold ${name ?? 'the tarball'}`)
  }
  const kind = isPreRelease(version) ? ['--prerelease', '--latest=false'] : []
  return [
    ...['release', 'create', `v${version}`, '--verify-tag', '--title', `v${version}`],
    ...['--notes-file', join(folder, 'notes.md'), ...kind],
    ...[tarball, 'sbom.cdx.json'].map(name => join(folder, name)),
  ]
}

export function announce(version, folder) {
  execFileSync('gh', announcement(version, folder), { stdio: ['ignore', 2, 2] })
}
