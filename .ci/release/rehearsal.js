import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { announcement } from './announcement.js'
import { notes } from './changelog.js'
import { Refusal } from './refusal.js'
import { sbom } from './sbom.js'
import { tags } from './tags.js'
import { pack } from './tarball.js'
import { check, isPreRelease, versionOf } from './version.js'

const IMAGE = process.env.IMAGE || 'onlinemo/openai-balance'

/** All steps of a release but its pushes, of which it says what they would be. */
export function rehearse(root) {
  const version = versionOf(root)
  const folder = mkdtempSync(join(tmpdir(), 'balance-release-'))
  try {
    say(`version ${version}, tag v${version}`)
    const text = changelog(root, version)
    run(root, 'npm', 'run', 'build')
    const tarball = pack(root, folder, process.env.NPM_NAME)
    say(`packed ${tarball}`)
    say(`bill of materials: ${sbom(root, join(folder, 'sbom.cdx.json'))} packages`)
    writeFileSync(join(folder, 'notes.md'), text)
    const announced = announcement(version, folder)
    // The tarball is installed and served from, and the Dockerfile's steps are run.
    run(root, 'npx', 'vitest', 'run', '--project', 'package')
    return [
      'Nothing was pushed. A release would now push:',
      `  images   ${tags(IMAGE, version).join(', ')} (linux/amd64, linux/arm64)`,
      `  release  v${version}${isPreRelease(version) ? ', a pre-release' : ''}, by gh ${announced.join(' ')}, with this text:`,
      ...text.split('\n').map(line => `           ${line}`),
      `  npm      ${process.env.NPM_NAME ? `${process.env.NPM_NAME}@${version}` : 'nothing: NPM_NAME is not set'}`,
    ].join('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Before the section has its name, the rehearsal takes the one that is to become it. */
function changelog(root, version) {
  try {
    check(root, `v${version}`)
    return notes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    say(`A release would stop here: ${error.message}`)
    return notes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), 'Unreleased')
  }
}

function run(cwd, command, ...args) {
  say(`$ ${[command, ...args].join(' ')}`)
  execFileSync(command, args, { cwd, stdio: ['ignore', 2, 2] })
}

function say(text) {
  process.stderr.write(`${text}\n`)
}
