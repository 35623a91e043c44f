import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BINARY, type Ended, eventually, Program, World } from '../support/daemon.ts'

let world: World
let demo: Program
let temporary: string

beforeAll(async () => {
  world = new World()
  temporary = join(world.root, 'tmp')
  mkdirSync(temporary)
  world.env.TMPDIR = temporary
  demo = new Program(
    [process.execPath, BINARY, 'serve', '--demo', '--port', '0'],
    world.cwd,
    world.env,
  )
  await eventually(() => demo.stdout.includes('Ctrl-C ends the demo'), 'the instructions')
})
afterAll(async () => {
  demo.process.kill('SIGKILL')
  await demo.ended
  await world.remove()
})

/** Runs a line as somebody would who pastes it. */
function paste(line: string): { pid: number; text: () => string; ended: Promise<Ended> } {
  const child = spawn('sh', ['-c', line], { cwd: world.cwd, env: world.env, detached: true })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const ended = new Promise<Ended>(resolve =>
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  )
  return { pid: child.pid ?? 0, text: () => stdout, ended }
}

function printed(pattern: RegExp): string {
  const found = pattern.exec(demo.stdout)?.[0].trim()
  if (!found) throw new Error(`Not printed: ${pattern}\n${demo.stdout}`)
  return found
}

describe('serve --demo', () => {
  it('prints a curl that works when pasted, whatever key its turn falls on', async () => {
    const curl = printed(/^ {2}curl (?:.*\\\n)*.*$/m)
    const answers = await Promise.all(Array.from({ length: 8 }, () => paste(curl).ended))
    for (const { code, stdout } of answers) {
      expect(code).toBe(0)
      expect(stdout).toMatch(/^data: \{.*\n/)
      expect(stdout).toMatch(/\ndata: \[DONE\]\n\n$/)
    }
  })

  it('prints commands that show what happened', async () => {
    const [list, keys] = await Promise.all([
      paste(printed(/^ {2}\S.* logs list .*$/m)).ended,
      paste(printed(/^ {2}\S.* keys list .*$/m)).ended,
    ])
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining('OUTCOME') })
    expect(list.stdout.trim().split('\n')).toHaveLength(9)
    expect(keys.stdout).toMatch(/healthy +\S+ +active/)
    expect(keys.stdout).toMatch(/rate-limited +\S+ +cooling/)
    expect(keys.stdout).toMatch(/revoked +\S+ +(active|invalid)/)

    const tail = paste(printed(/^ {2}\S.* logs tail .*$/m))
    const models = printed(/http:\/\/127\.0\.0\.1:\d+(?=\/v1)/).concat('/v1/models')
    const authorization = printed(/Bearer bal_[\w-]+/)
    await eventually(async () => {
      await fetch(models, { headers: { authorization } })
      return tail.text().includes('GET /v1/models')
    }, 'the request in the tail')
    process.kill(-tail.pid, 'SIGINT')
    await tail.ended
  })

  it('leaves nothing behind on Ctrl-C, and touches nothing of the user', async () => {
    expect(readdirSync(temporary)).toHaveLength(1)
    demo.process.kill('SIGINT')
    expect(await demo.ended).toMatchObject({ code: 0 })
    expect(readdirSync(temporary)).toEqual([])
    expect(readdirSync(world.home)).toEqual([])
    expect(readdirSync(world.cwd)).toEqual([])
  })
})
