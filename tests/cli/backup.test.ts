import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { BackupShape } from '../../src/cli/shapes/backup.ts'
import { CommandLine } from '../support/command-line.ts'

let cli: CommandLine
let file: string

beforeEach(async () => {
  cli = new CommandLine()
  file = join(cli.folder, 'a.backup')
  await cli.inProcess(['providers', 'add', 'openai'])
  await cli.run(['keys', 'add', 'openai'], 'sk-0123456789abcdef\n')
})
afterEach(() => cli.remove())

const names = async () => (await cli.json<{ name: string }[]>(['providers', 'list'])).map(of)
const of = ({ name }: { name: string }) => name

describe('backup', () => {
  it('writes a file, and says what is in it and what is not', async () => {
    const { code, stdout, stderr } = await cli.run(['backup', file])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/\): 1 provider, 1 key, 0 tokens, 0 targets, 0 requests\n/)
    expect(stderr).toContain(`The master key is not in it: keep a copy of ${cli.folder}/master-key`)
    const shape = await cli.json<BackupShape>(['backup', file, '--yes', '--no-logs'])
    expect(shape).toMatchObject({ file, engine: 'sqlite', logs: false, rows: { providers: 1 } })
    const [head] = gunzipSync(readFileSync(file)).toString().split('\n')
    const { version, revision, created } = shape
    expect(JSON.parse(head ?? '')).toMatchObject({ balance_backup: 1, version, revision, created })
  })

  it('writes over nothing unless it is told to, and leaves nothing half-written', async () => {
    writeFileSync(file, 'precious')
    const refused = await cli.run(['backup', file])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
    expect(readFileSync(file, 'utf8')).toBe('precious')
    const nowhere = await cli.run(['backup', join(cli.folder, 'none', 'b')])
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('(ENOENT)') })
    expect(await cli.run(['backup', file, '--yes'])).toMatchObject({ code: 0 })
    expect(readdirSync(cli.folder).filter(name => name.includes('.backup'))).toEqual(['a.backup'])
  })
})

describe('restore', () => {
  it('puts back what was, and keeps what is there', async () => {
    await cli.run(['backup', file])
    await cli.run(['providers', 'add', 'groq'])
    const refused = await cli.run(['restore', file])
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Replace it by') })
    expect(await names()).toEqual(['openai', 'groq'])
    const { kept } = await cli.json<{ kept: string }>(['restore', file, '--yes'])
    expect(await names()).toEqual(['openai'])
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    const back = await cli.run(['restore', kept, '--yes'])
    expect(back.stderr).toMatch(/^restored 2 providers, 1 key, .*\nWhat was there before is in \//)
    expect(await names()).toEqual(['openai', 'groq'])
  })

  it('fills a store that is empty without a question, and warns where its keys do not open', async () => {
    await cli.run(['backup', file])
    const other = new CommandLine()
    try {
      const { code, stderr } = await other.run(['restore', file])
      expect(code).toBe(0)
      expect(stderr).toContain(
        "The backup's sealed keys will not open: The master key of this store, from",
      )
      expect(existsSync(join(other.folder, 'master-key'))).toBe(false)
      expect(readdirSync(other.folder).filter(name => name.includes('backup'))).toEqual([])
    } finally {
      other.remove()
    }
  })

  it('finishes one that was cut short, which nothing else opens', async () => {
    await cli.run(['backup', file])
    await cli.run(['providers', 'add', 'groq'])
    const plant = (part: string, statement: string) => {
      const db = new Sqlite(join(cli.folder, part))
      db.exec(statement)
      db.close()
    }
    plant('balance-log.db', `insert into batches (node, id, time) values ('restore', 'x', 1)`)
    expect(await names()).toEqual(['openai', 'groq'])
    plant('balance.db', `insert into leases (work, node, ends_at) values ('restore', 'x', 1)`)
    for (const words of [
      ['providers', 'list'],
      ['backup', `${file}-2`],
      ['serve', '--port', '0'],
    ]) {
      const { code, stderr } = await cli.run(words)
      expect({ words, code }).toEqual({ words, code: 78 })
      expect(stderr).toContain('was cut short')
      expect(stderr).toContain('balance restore FILE again')
    }
    expect(await cli.json(['restore', file])).toMatchObject({ kept: null })
    expect(await names()).toEqual(['openai'])
  })

  it('takes nothing that is no whole backup', async () => {
    writeFileSync(file, 'SQLite format 3')
    const refused = await cli.run(['restore', file, '--yes'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('no whole backup') })
    expect(await names()).toEqual(['openai'])
  })
})
