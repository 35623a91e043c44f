import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'

const root = new URL('../..', import.meta.url)
const version = readFileSync(new URL('VERSION', root), 'utf8').trim()

/** The shim alone, as in a checkout that was never built. */
const folder = mkdtempSync(join(tmpdir(), 'bal-shim-'))
cpSync(new URL('bin/balance.js', root), join(folder, 'bin/balance.js'))
cpSync(new URL('VERSION', root), join(folder, 'VERSION'))
cpSync(new URL('package.json', root), join(folder, 'package.json'))
afterAll(() => rmSync(folder, { recursive: true }))

const run = promisify(execFile)
const shim = join(folder, 'bin/balance.js')

describe('the shim', () => {
  it.each(['--version', '-V'])('answers %s by itself', async flag => {
    expect((await run(process.execPath, [shim, flag])).stdout).toBe(`${version}\n`)
  })

  it('says what to do where nothing was built', async () => {
    await expect(run(process.execPath, [shim, 'status'])).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^error: .*not built\.\nRun npm install, or npm run build\.\n$/,
      ),
    })
  })

  it('refuses a Node that is too old', async () => {
    const older = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.18.3'})`
    await expect(
      run(process.execPath, ['--import', older, shim, '--version']),
    ).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('needs Node 20.19 or newer; this is 20.18.3'),
    })
  })
})
