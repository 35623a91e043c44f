import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { notes } from './changelog.js'
import { Refusal } from './refusal.js'

export { Refusal }

/** The top of the checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

export function versionOf(folder) {
  return readFileSync(join(folder, 'VERSION'), 'utf8').trim()
}

export function isPreRelease(version) {
  return version.includes('-')
}

/** @throws {Refusal} where the tag is not this version's, or something still says another */
export function check(folder, tag) {
  const version = versionOf(folder)
  if (tag !== `v${version}`) {
    throw new Refusal(
      `the tag is ${tag}, but VERSION says ${version}: tag v${version}, or change VERSION`,
    )
  }
  const json = name => JSON.parse(readFileSync(join(folder, name), 'utf8'))
  const lock = json('package-lock.json')
  const said = { 'package.json': json('package.json').version, 'package-lock.json': lock.version }
  for (const [name, other] of Object.entries(said)) {
    if (other !== version) {
      throw new Refusal(
        `${name} says ${other}, VERSION ${version}: npm version ${version} --no-git-tag-version`,
      )
    }
  }
  notes(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8'), version)
  return version
}
