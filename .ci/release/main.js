import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { announce } from './announcement.js'
import { notes } from './changelog.js'
import { publish } from './registry.js'
import { rehearse } from './rehearsal.js'
import { sbom } from './sbom.js'
import { tags } from './tags.js'
import { pack } from './tarball.js'
import { check, Refusal, root, versionOf } from './version.js'

/**
 * The steps of a release, as .github/workflows/docker-publish.yml takes them. What a step makes is on
 * stdout, words are on stderr; exit 1 with one line where a release must not go on.
 */
const STEPS = {
  'check TAG': 'the tag, VERSION, package.json, its lockfile and CHANGELOG.md agree',
  notes: "what CHANGELOG.md says of this version: the release's text",
  'pack FOLDER [NAME]': 'makes the tarball; under another name where one is given',
  'sbom FILE': 'writes the CycloneDX bill of what the tarball holds and installs',
  'tags IMAGE': 'the tags to push, with commas between; latest only for no pre-release',
  'publish TARBALL NAME': 'publishes to npm, where the name is ours',
  'announce TAG FOLDER': "makes GitHub's release of what lies in the folder",
  dry: 'all of them but the pushes',
}

const [step, ...args] = process.argv.slice(2)
try {
  const made = await take(step, args)
  if (made) process.stdout.write(`${made}\n`)
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  process.stderr.write(`release: ${error.message}\n`)
  process.exitCode = 1
}

async function take(name, [first, second]) {
  if (name === 'check' && first) return check(root, first)
  if (name === 'notes')
    return notes(readFileSync(resolve(root, 'CHANGELOG.md'), 'utf8'), versionOf(root))
  // A variable that is not set gives an empty name.
  if (name === 'pack' && first) return pack(root, resolve(first), second || undefined)
  if (name === 'sbom' && first) return sbom(root, resolve(first))
  if (name === 'tags' && first) return tags(first, versionOf(root)).join(',')
  if (name === 'publish' && first && second) return publish(resolve(first), second)
  if (name === 'announce' && first && second) return announce(check(root, first), resolve(second))
  if (name === 'dry') return rehearse(root)
  const lines = Object.entries(STEPS).map(([usage, what]) => `  ${usage.padEnd(22)} ${what}`)
  throw new Refusal(`these are the steps:\n${lines.join('\n')}`)
}
