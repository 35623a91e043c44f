import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unsafe } from '../../../src/model/config/search.ts'
import { ConfigFolder } from '../../support/config-folder.ts'
import { refusal } from '../../support/refusal.ts'

let folder: ConfigFolder

beforeEach(() => {
  folder = new ConfigFolder()
})
afterEach(() => folder.remove())

const port = (number: number) => `listen: 127.0.0.1:${number}\n`

describe('the configuration file', () => {
  it('is the named one, else that of the current folder, the user, the host', () => {
    folder.write('etc/balance/balance.config.yaml', port(1))
    expect(folder.load().listen.port).toBe(1)
    const user = folder.write(
      'home/.config/balance/balance.config.json',
      '{"listen": "localhost:2"}',
    )
    expect(folder.load().file).toBe(user)
    folder.write('work/balance.config.yml', port(3))
    expect(folder.load().listen.port).toBe(3)
    folder.write('work/balance.config.yaml', port(4))
    expect(folder.load().listen.port).toBe(4)
    folder.write('work/other.yml', port(5))
    expect(folder.load({}, { BALANCE_CONFIG: 'other.yml' }).listen.port).toBe(5)
    const flag = folder.write('elsewhere/mine.json', '{"listen": "[::1]:6"}')
    expect(folder.load({ config: flag }, { BALANCE_CONFIG: 'other.yml' }).listen.port).toBe(6)
  })

  it('is looked for in $XDG_CONFIG_HOME, if that is a full path', () => {
    folder.write('xdg/balance/balance.config.yaml', port(1))
    folder.write('home/.config/balance/balance.config.yaml', port(2))
    expect(folder.load({}, { XDG_CONFIG_HOME: join(folder.root, 'xdg') }).listen.port).toBe(1)
    expect(folder.load({}, { XDG_CONFIG_HOME: 'xdg' }).listen.port).toBe(2)
  })

  it('is not looked for in the folders above', () => {
    folder.write('balance.config.yaml', port(1))
    expect(folder.load().file).toBeNull()
  })

  it('may be empty, or hold comments only, and is the one in force all the same', () => {
    folder.write('etc/balance/balance.config.yaml', port(1))
    for (const text of ['', '\n  \n', '# nothing\n', '---\n']) {
      const path = folder.write('work/balance.config.yaml', text)
      expect([folder.load().file, folder.load().listen.port]).toEqual([path, 8077])
    }
  })

  it.each(['nowhere.yaml', 'work'])('must be there when it is named: %s', name => {
    expect(refusal(() => folder.load({ config: name })).code).toBe('config_invalid')
    expect(refusal(() => folder.load({}, { BALANCE_CONFIG: name })).code).toBe('config_invalid')
  })

  it.each([
    'run.js',
    'run.cjs',
    'run.mjs',
    'run.ts',
    'run',
    'package.json',
    'run.yaml.js',
    '.yaml',
  ])('must be YAML or JSON by name: %s', name => {
    const witness = join(folder.root, 'executed')
    folder.write(`work/${name}`, `require('fs').writeFileSync('${witness}', '')`)
    const error = refusal(() => folder.load({ config: name }))
    expect(error.code).toBe('config_invalid')
    expect(existsSync(witness)).toBe(false)
  })

  it('that cannot be read is not passed by', () => {
    folder.write('etc/balance/balance.config.yaml', port(1))
    mkdirSync(join(folder.cwd, 'balance.config.yaml'))
    const error = refusal(() => folder.load())
    expect(error.message).toBe(`${folder.cwd}/balance.config.yaml cannot be read.`)
    expect(refusal(() => folder.load({ config: 'balance.config.yaml' })).message).toBe(
      error.message,
    )
  })

  it('is not read when it is huge', () => {
    folder.write('work/balance.config.yaml', `# ${'x'.repeat(1_048_576)}`)
    expect(refusal(() => folder.load()).message).toContain('larger than 1 MiB')
  })
})

describe('a file that others could have written', () => {
  it.each([0o664, 0o646, 0o666, 0o620])('is refused by its mode %o', mode => {
    const path = folder.write('work/balance.config.yaml', port(1))
    chmodSync(path, mode)
    const error = refusal(() => folder.load())
    expect([error.code, error.exit]).toEqual(['config_unsafe', 78])
    expect(error.message).toContain(path)
    expect(refusal(() => folder.load({ config: path })).code).toBe('config_unsafe')
  })

  it.each([0o600, 0o644, 0o444, 0o755])('is taken with mode %o', mode => {
    chmodSync(folder.write('work/balance.config.yaml', port(1)), mode)
    expect(folder.load().listen.port).toBe(1)
  })

  it('is refused by its owner, unless that is root', () => {
    expect(unsafe({ uid: 1_001, mode: 0o600 }, 1_000)).toMatch(/belongs to user 1001/)
    expect(unsafe({ uid: 1_001, mode: 0o600 }, 0)).toMatch(/belongs to user 1001/)
    expect(unsafe({ uid: 1_000, mode: 0o600 }, 1_000)).toBeNull()
    expect(unsafe({ uid: 0, mode: 0o644 }, 1_000)).toBeNull()
  })

  it.runIf(process.getuid?.() === 0)('is refused on a real file system', () => {
    const path = folder.write('work/balance.config.yaml', port(1))
    chownSync(path, 12_345, 12_345)
    expect(refusal(() => folder.load()).message).toContain('user 12345')
  })
})

describe('hostile files in the working folder', () => {
  /** Every name that cosmiconfig reads or runs by default, for its own configuration and for ours. */
  const places = [
    ...['js', 'cjs', 'mjs', 'ts', 'json', 'yaml', 'yml'].map(end => `.config/config.${end}`),
    ...['js', 'cjs', 'mjs', 'ts'].map(end => `balance.config.${end}`),
    ...['', '.js', '.cjs', '.mjs', '.ts', '.json', '.yaml', '.yml'].flatMap(end => [
      `.balancerc${end}`,
      `.config/balancerc${end}`,
    ]),
    'balance.config',
    'package.json',
    'package.yaml',
  ]

  function content(name: string, witness: string): string {
    if (/\.(js|cjs|ts)$|rc$|config$/.test(name)) {
      return `require('node:fs').writeFileSync(${JSON.stringify(witness)}, '')`
    }
    if (name.endsWith('.mjs')) {
      return `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(witness)}, '')`
    }
    const searchPlaces = ['planted.yaml', 'run.js']
    const planted = { listen: '127.0.0.1:666', searchPlaces }
    return JSON.stringify({ balance: planted, cosmiconfig: { searchPlaces }, ...planted })
  }

  it.each(places)('%s is neither executed nor read', async name => {
    const witness = join(folder.root, 'executed')
    folder.write(`work/${name}`, content(name, witness))
    folder.write('work/planted.yaml', port(666))
    folder.write('work/run.js', content('run.js', witness))
    const here = process.cwd()
    process.chdir(folder.cwd)
    try {
      // As in a process that has just begun.
      vi.resetModules()
      const { findConfig, searchFolders } = await import('../../../src/model/config/search.ts')
      const find = () =>
        findConfig({
          named: null,
          folders: searchFolders(folder.cwd, { HOME: folder.home }, folder.etc),
        })
      expect(find()).toBeNull()
      const path = folder.write('work/balance.config.yaml', port(1))
      expect(find()).toEqual({ path, text: port(1) })
    } finally {
      process.chdir(here)
    }
    expect(existsSync(witness)).toBe(false)
    expect(readdirSync(folder.root).sort()).toEqual(['etc', 'home', 'work'])
  })

  it.each(['src/model/config', 'dist'])('are not in %s, where they are looked for', folder => {
    const names = readdirSync(new URL(`../../../${folder}`, import.meta.url))
    expect(names).not.toEqual([])
    expect(names.filter(name => name === '.config' || name.startsWith('package.'))).toEqual([])
  })

  it('leave the working folder of the process as it was', () => {
    const here = process.cwd()
    folder.load()
    expect(process.cwd()).toBe(here)
  })

  it('are not imported by $import either', () => {
    folder.write('work/planted.yaml', port(666))
    folder.write('work/balance.config.yaml', '$import: planted.yaml\n')
    expect(refusal(() => folder.load()).message).toContain('"$import" is not known here')
  })
})
