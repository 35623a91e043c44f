import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Ended } from '../support/command-line.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** A checkout of a version of its own, with programs of its own for npm and gh. */
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bal-release-'))
  cpSync(join(checkout, '.ci/release'), join(folder, '.ci/release'), { recursive: true })
  mkdirSync(join(folder, 'bin'))
  write('package.json', '{"name":"balance","version":"1.2.3","type":"module"}')
  write('package-lock.json', '{"version":"1.2.3"}')
  write('VERSION', '1.2.3\n')
  write(
    'CHANGELOG.md',
    '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-01-31\n\n### Added\n\n- That.\n\n## [1.2.2] - 2026-01-01\n\n- This.\n',
  )
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, content: string): void {
  writeFileSync(join(folder, name), content)
}

function step(...args: readonly string[]): Promise<Ended> {
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder }
  return new Promise(resolve => {
    const command = [join(folder, '.ci/release/main.js'), ...args]
    execFile(process.execPath, command, { env, cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

/** A program that writes down how it was called, and does what this shell script says. */
function plant(name: string, script: string): void {
  const path = join('bin', name)
  write(path, `#!/bin/sh\necho "$@" >> '${join(folder, 'calls')}'\n${script}\n`)
  chmodSync(join(folder, path), 0o755)
}

const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')

describe('check', () => {
  it('lets a tag pass that is the version of all', async () => {
    expect(await step('check', 'v1.2.3')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' })
  })

  it.each([
    ['another tag', () => {}, 'v1.2.4', /the tag is v1\.2\.4, but VERSION says 1\.2\.3/],
    ['a tag without v', () => {}, '1.2.3', /the tag is 1\.2\.3/],
    [
      'another version of package.json',
      () => write('package.json', '{"version":"1.2.2","type":"module"}'),
      'v1.2.3',
      /package\.json says 1\.2\.2, VERSION 1\.2\.3/,
    ],
    [
      'another version of the lockfile',
      () => write('package-lock.json', '{"version":"1.2.2"}'),
      'v1.2.3',
      /package-lock\.json says 1\.2\.2/,
    ],
    [
      'no section of the changelog',
      () => write('CHANGELOG.md', '## [Unreleased]\n\n- That.\n'),
      'v1.2.3',
      /has no section "## \[1\.2\.3\] - DATE"/,
    ],
    [
      'a section without a date',
      () => write('CHANGELOG.md', '## [1.2.3]\n\n- That.\n'),
      'v1.2.3',
      /gives no date for 1\.2\.3/,
    ],
    [
      'an empty section',
      () => write('CHANGELOG.md', '## [1.2.3] - 2026-01-31\n\n## [1.2.2] - 2026-01-01\n'),
      'v1.2.3',
      /says nothing of 1\.2\.3/,
    ],
  ])('refuses %s, in one line', async (_what, change, tag, why) => {
    change()
    const { code, stderr } = await step('check', tag)
    expect(code).toBe(1)
    expect(stderr).toMatch(why)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('notes', () => {
  it('are the lines of this version alone', async () => {
    expect((await step('notes')).stdout).toBe('### Added\n\n- That.\n')
  })
})

describe('tags', () => {
  it('move latest', async () => {
    expect((await step('tags', 'me/balance')).stdout).toBe('me/balance:1.2.3,me/balance:latest\n')
  })

  it('leave latest where it is for a pre-release', async () => {
    write('VERSION', '2.0.0-rc.1\n')
    expect((await step('tags', 'me/balance')).stdout).toBe('me/balance:2.0.0-rc.1\n')
  })
})

describe('publish', () => {
  const REGISTRY = (owners: string) => `case "$1" in
    whoami) echo me;;
    owner) ${owners};;
    view) exit 1;;
  esac`

  it('refuses the name of somebody else, and publishes nothing', async () => {
    plant('npm', REGISTRY('echo "them <t@example.org>"; echo "others <o@example.org>"'))
    const { code, stderr } = await step('publish', 'x.tgz', 'theirs')
    expect(code).toBe(1)
    expect(stderr).toBe(
      'release: theirs on npm belongs to them, others, not to me: set the variable NPM_NAME to a name of your own, or remove it to publish the image alone\n',
    )
    expect(calls().filter(call => call.startsWith('publish'))).toEqual([])
  })

  it('refuses without a token', async () => {
    plant('npm', 'case "$1" in owner) echo "me <m@example.org>";; *) exit 1;; esac')
    const { code, stderr } = await step('publish', 'x.tgz', 'mine')
    expect(code).toBe(1)
    expect(stderr).toMatch(/NPM_TOKEN is missing, or was revoked/)
  })

  it('refuses when the registry does not say whose it is', async () => {
    plant('npm', REGISTRY('echo "npm error code E503" >&2; exit 1'))
    const { code, stderr } = await step('publish', 'x.tgz', 'mine')
    expect(code).toBe(1)
    expect(stderr).toMatch(/npm does not say whose mine is: npm error code E503/)
  })

  it.each([
    ['a name of ours', 'echo "me <m@example.org>"', '1.2.3', 'latest'],
    ['a name that nobody has', 'echo "npm error code E404" >&2; exit 1', '1.2.3', 'latest'],
    ['a pre-release, which latest does not become', 'echo "me <m@x>"', '1.2.3-rc.1', 'next'],
  ])('publishes with provenance: %s', async (_what, owners, version, tag) => {
    write('VERSION', version)
    plant('npm', REGISTRY(owners))
    const { code, stdout } = await step('publish', 'x.tgz', 'mine')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `mine@${version}\n` })
    const tarball = join(folder, 'x.tgz')
    expect(calls().at(-1)).toBe(`publish ${tarball} --provenance --access public --tag ${tag}`)
  })

  it('leaves a version alone that is there: a run may be repeated', async () => {
    plant('npm', `case "$1" in whoami) echo me;; owner) echo "me <m@x>";; view) echo 1.2.3;; esac`)
    const { code, stdout } = await step('publish', 'x.tgz', 'mine')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'mine@1.2.3 is published already\n' })
    expect(calls().filter(call => call.startsWith('publish'))).toEqual([])
  })
})

describe('announce', () => {
  const files = () => {
    for (const name of ['balance-1.2.3.tgz', 'sbom.cdx.json', 'notes.md']) {
      mkdirSync(join(folder, 'out'), { recursive: true })
      write(join('out', name), '')
    }
  }

  it('makes the release with its files and its text', async () => {
    files()
    plant('gh', '')
    expect((await step('announce', 'v1.2.3', 'out')).code).toBe(0)
    const out = join(folder, 'out')
    expect(calls()).toEqual([
      `release create v1.2.3 --verify-tag --title v1.2.3 --notes-file ${out}/notes.md ${out}/balance-1.2.3.tgz ${out}/sbom.cdx.json`,
    ])
  })

  it('refuses where a file is missing', async () => {
    files()
    rmSync(join(folder, 'out/sbom.cdx.json'))
    const { code, stderr } = await step('announce', 'v1.2.3', 'out')
    expect(code).toBe(1)
    expect(stderr).toMatch(/does not hold sbom\.cdx\.json/)
  })
})

it('a step that is not known is answered with those that are', async () => {
  const { code, stderr } = await step('fly')
  expect(code).toBe(1)
  expect(stderr).toMatch(/check TAG .*publish TARBALL NAME /s)
})
