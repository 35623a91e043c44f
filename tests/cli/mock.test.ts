import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'

const cli = new CommandLine()
afterAll(() => cli.remove())

async function models(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${key}` } })
  await response.arrayBuffer()
  return response.status
}

describe('balance mock', () => {
  it('plays scripts from flags and a file until it is ended', async () => {
    writeFileSync(join(cli.folder, 'scripts.yaml'), 'sk-poor: "402"\nsk-bad: ok\n')
    const mock = cli.start([
      ...['mock', '--port', '0', '--script', 'sk-bad=401,ok', '--script-file', 'scripts.yaml'],
    ])
    const url = await mock.line()
    expect(await models(url, 'sk-any')).toBe(200)
    expect(await models(url, 'sk-poor')).toBe(402)
    expect(await models(url, 'sk-bad')).toBe(401)
    expect(await models(url, 'sk-bad')).toBe(200)
    mock.process.kill('SIGTERM')
    const { code, stderr } = await mock.ended
    expect(code).toBe(0)
    expect(stderr).toContain('GET /v1/models')
  })

  it.each([
    ['--script sk-bad', 'KEY=SCRIPT'],
    ['--script sk-bad=4011', '"4011"'],
    ['--script-file /does/not/exist.yaml', '/does/not/exist.yaml'],
    ['--unknown-key 500', '--unknown-key takes ok, 401'],
  ])('refuses %s', async (words, message) => {
    const { code, stderr } = await cli.inProcess(['mock', '--port', '0', ...words.split(' ')])
    expect(code).not.toBe(0)
    expect(stderr).toContain(message)
  })
})
