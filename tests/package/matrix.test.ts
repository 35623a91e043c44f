import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { count } from '../support/count.ts'
import { Engines, hasEngines } from '../support/engine.ts'
import { Customer } from './customer.ts'
import { packed } from './packed.ts'
import { type Prebuilt, servePrebuilt } from './prebuilt.ts'

/** [Node, npm]: what people have. npm 12 takes Node 22 and newer. */
const EVERY = [
  [20, 10],
  [20, 11],
  [22, 10],
  [22, 11],
  [22, 12],
  [24, 11],
  [24, 12],
  [26, 11],
  [26, 12],
] as const
/** The oldest and the usual. */
const USUAL = [
  [20, 10],
  [24, 12],
] as const
const soaking = count(0, 1) === 1

const engines = new Engines()
const folder = mkdtempSync(join(tmpdir(), 'bal-packed-'))
let tarball: string
let prebuilt: Prebuilt

beforeAll(async () => {
  tarball = packed(folder)
  prebuilt = await servePrebuilt()
})
afterAll(() => {
  prebuilt.close()
  engines.remove()
  rmSync(folder, { recursive: true })
})

const ANSWER = { object: 'chat.completion', choices: [{ finish_reason: 'stop' }] }

describe.skipIf(!hasEngines).concurrent('the tarball', () => {
  describe.each(soaking ? EVERY : USUAL)('installed with Node %i and npm %i', (node, npm) => {
    it('answers a chat request', async () => {
      const customer = new Customer(prebuilt.env)
      try {
        const commands = await engines.commands(node, npm)
        const { code, stderr } = await customer.run(commands, `npm install ${tarball}`)
        expect({ code, stderr: warnings(stderr, node) }).toEqual({ code: 0, stderr: '' })
        const sqlite = customer.installed('better-sqlite3')
        expect(sqlite.version).toMatch(node === 20 ? /^12\./ : /^13\./)
        // From Node 22 on npm runs nothing, so it needs no permission to.
        expect(sqlite.hasInstallScript).toBe(node === 20 ? true : undefined)
        expect(customer.installed('mysql2').hasInstallScript).toBeUndefined()
        expect(await customer.chat(commands)).toMatchObject(ANSWER)
      } finally {
        customer.remove()
      }
    })
  })

  it('says what to do after an upgrade of Node, and after a way back', async () => {
    const customer = new Customer(prebuilt.env)
    try {
      const [old, young] = await Promise.all([engines.commands(20, 10), engines.commands(24, 12)])
      await customer.run(old, `npm install ${tarball}`)
      const upgraded = await customer.run(young, LIST)
      expect(upgraded.code).toBe(1)
      expect(upgraded.stderr).toMatch(
        /^error: better-sqlite3 12\.\S+ cannot be loaded: it was built for another Node; this is Node 24\.\S+\.\nInstall the one for it: cd .* && npm install --no-save better-sqlite3@13\n$/,
      )
      await customer.run(young, wayOut(upgraded.stderr))
      expect(await customer.run(young, LIST)).toMatchObject({ code: 0 })

      const back = await customer.run(old, LIST)
      expect(back.code).toBe(1)
      expect(back.stderr).toMatch(
        /^error: better-sqlite3 13\.\S+ needs Node 22 or newer; this is Node 20\.\S+\.\nInstall the one for it: cd .* && npm install --no-save better-sqlite3@12\n$/,
      )
      await customer.run(old, wayOut(back.stderr))
      expect(await customer.run(old, LIST)).toMatchObject({ code: 0 })
    } finally {
      customer.remove()
    }
  })

  it('without its install script, on Node 20, says how to run it', async () => {
    const customer = new Customer(prebuilt.env)
    try {
      const commands = await engines.commands(20, 10)
      await customer.run(commands, `npm install --ignore-scripts ${tarball}`)
      const { code, stderr } = await customer.run(commands, LIST)
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /^error: .* it has no binary; this is Node 20.*\nBuild it .* && npm rebuild better-sqlite3\n$/,
      )
      await customer.run(commands, wayOut(stderr))
      expect(await customer.run(commands, LIST)).toMatchObject({ code: 0 })
    } finally {
      customer.remove()
    }
  })

  it.runIf(soaking).each([12, 14, 16, 18])('tells Node %i that it is too old', async line => {
    const customer = new Customer()
    try {
      const [young, old] = await Promise.all([engines.commands(24, 12), engines.node(line)])
      await customer.run(young, `npm install ${tarball}`)
      const { code, stderr } = await customer.run(young, `${old} node_modules/.bin/balance serve`)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^error: balance needs Node 20\.19 or newer; this is \S+\.\n.*\n$/)
    } finally {
      customer.remove()
    }
  })
})

const LIST = 'node_modules/.bin/balance providers list --data-dir data'

/** The command behind the colon of the second line. */
function wayOut(stderr: string): string {
  return stderr.split('\n')[1]?.replace(/^[^:]*: /, '') ?? ''
}

/**
 * Without what npm says of its own settings and of packages that their makers have given up, and on Node 20
 * of the script that runs there.
 */
function warnings(stderr: string, node: number): string {
  const said = node === 20 ? 'Unknown|deprecated|install-scripts' : 'Unknown|deprecated'
  const usual = new RegExp(`^npm warn (${said})|^$`)
  return stderr
    .split('\n')
    .filter(line => !usual.test(line))
    .join('\n')
}
