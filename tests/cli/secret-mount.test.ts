import { execFile } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Ended } from '../support/command-line.ts'
import { BINARY, World } from '../support/daemon.ts'
import { canMount } from '../support/small-disk.ts'

/** The user of the container, whom the host does not know. */
const USER = 61_234

let world: World

beforeEach(() => {
  world = new World()
  chmodSync(world.root, 0o755)
  mkdirSync(world.dataDir, { mode: 0o700 })
  for (const folder of [world.home, world.cwd, world.dataDir]) chownSync(folder, USER, USER)
})
afterEach(() => world.remove())

/** A file as an engine gives it to a container: read by all, root's. */
function secret(mode: number, owner = 0): string {
  const path = join(world.root, 'given')
  writeFileSync(path, `${Buffer.alloc(32, 7).toString('base64')}\n`)
  chmodSync(path, mode)
  chownSync(path, owner, owner)
  return path
}

/** Adds a provider and a sealed key as that user, in a /run of its own that this script has filled. */
function addKey(script: string, masterKey: string): Promise<Ended> {
  const env = { ...world.env, BALANCE_MASTER_KEY_FILE: masterKey, NODE: process.execPath, BINARY }
  const command = `set -e
    mount -t tmpfs -o mode=0755 tmpfs /run
    mkdir /run/secrets /run/others
    ${script}
    exec setpriv --reuid=${USER} --regid=${USER} --clear-groups sh -c '
      "$NODE" "$BINARY" providers add openai --data-dir "${world.dataDir}" 2>/dev/null &&
      echo sk-0123456789abcdef | "$NODE" "$BINARY" keys add openai --data-dir "${world.dataDir}"'`
  return new Promise(resolve => {
    const args = ['--mount', 'sh', '-c', command]
    execFile('unshare', args, { cwd: world.cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

const mounted = (from: string, to: string) => `touch ${to}; mount --bind ${from} ${to}`
const PLACE = '/run/secrets/master-key'

describe.skipIf(!canMount)("a master key among a container's secrets", () => {
  it('may be readable by all who are in it, when the engine mounted it', async () => {
    const { code, stderr } = await addKey(mounted(secret(0o444), PLACE), PLACE)
    expect(stderr).toContain('added 1 key to openai')
    expect(code).toBe(0)
  })

  it.each([
    [
      'a file that is no mount',
      () => `cp ${secret(0o444)} ${PLACE}`,
      PLACE,
      /can be read by others/,
    ],
    [
      'a mount in another place',
      () => mounted(secret(0o444), '/run/others/master-key'),
      '/run/others/master-key',
      /can be read by others/,
    ],
    [
      'a mount of a file that others may write',
      () => mounted(secret(0o464), PLACE),
      PLACE,
      /can be read by others/,
    ],
    [
      "a mount of another user's file",
      () => mounted(secret(0o444, 4321), PLACE),
      PLACE,
      /belongs to another user/,
    ],
  ])('must be private to its owner as %s', async (_what, script, place, why) => {
    const { code, stderr } = await addKey(script(), place)
    expect(stderr).toMatch(why)
    expect(code).toBe(78)
  })
})
