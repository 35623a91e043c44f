import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { CommandLine } from '../support/command-line.ts'

const cli = new CommandLine()

beforeAll(async () => {
  await cli.inProcess(['providers', 'add', 'openai'])
  const keys = join(cli.folder, 'keys.txt')
  writeFileSync(keys, 'sk-0123456789abcdef0001\n')
  await cli.inProcess(['keys', 'add', 'openai', '--from', keys, '--label', 'main'])
  await cli.inProcess(['routes', 'add', 'fast', '--to', 'openai'])
  await cli.inProcess(['proxies', 'add', 'berlin', 'http://berlin.lan:3128'])
  await cli.inProcess(['proxies', 'add', 'spare', 'http://spare.lan:3128'])
  await cli.inProcess(['config', 'set', 'proxy', 'berlin'])
})
afterAll(() => cli.remove())

describe('a command that cannot be done', () => {
  it.each<[command: string, code: number, message: string, hint: string]>([
    ['kyes list', 2, "Unknown command 'kyes'.", 'Did you mean keys?'],
    ['keys lsit', 2, "Unknown command 'lsit'.", 'Did you mean list?'],
    ['keys list --jsno', 2, "Unknown option '--jsno'.", 'Did you mean --json?'],
    ['keys add', 2, "Missing required argument 'provider'.", 'See balance keys add --help.'],
    ['logs show', 2, "Missing required argument 'id'.", 'See balance logs show --help.'],
    ['keys list a b', 2, "Too many arguments for 'list'.", 'See balance keys list --help.'],
    ['keys add opnai --from x', 3, 'no provider "opnai"', 'openai'],
    ['keys list opnai', 3, 'no provider "opnai"', 'openai'],
    ['providers show opnai', 3, 'no provider "opnai"', 'openai'],
    ['providers remove opnai --yes', 3, 'no provider "opnai"', 'openai'],
    ['providers enable nothing', 3, 'no provider "nothing"', 'balance providers list'],
    ['keys show mian', 3, 'no key "mian"', 'main'],
    ['keys disable main k_0000000000', 3, 'no key "k_0000000000"', 'balance keys list'],
    ['keys reset nothing', 3, 'no key "nothing"', 'balance keys list'],
    ['keys test', 2, 'either KEY… or --all', '--provider NAME'],
    ['keys test main --all', 2, 'either KEY… or --all', '--provider NAME'],
    ['keys test main --provider openai', 2, 'either KEY… or --all', '--provider NAME'],
    ['keys test mian', 3, 'no key "mian"', 'main'],
    ['keys test --provider opnai', 3, 'no provider "opnai"', 'openai'],
    ['providers test opnai', 3, 'no provider "opnai"', 'openai'],
    ['providers models opnai', 3, 'no provider "opnai"', 'openai'],
    ['tokens show lptop', 3, 'no token "lptop"', 'balance tokens list'],
    ['tokens revoke lptop --yes', 3, 'no token "lptop"', 'balance tokens list'],
    ['logs show 99', 3, '99', 'balance logs list'],
    ['config get max_retires', 3, 'no setting "max_retires"', 'max_retries'],
    ['config set max_retires 3', 3, 'no setting "max_retires"', 'max_retries'],
    ['config set default_provider nothing', 3, 'no provider "nothing"', 'balance providers list'],
    ['config set proxy berlin,brelin', 3, 'no proxy "brelin"', 'berlin'],
    ['config set proxy nobody', 3, 'no proxy "nobody"', 'balance proxies list'],
    ['providers set openai proxy=brelin', 3, 'no proxy "brelin"', 'berlin'],
    ['providers add lab --base-url http://a/v1 --set proxy=brelin', 3, 'no proxy', 'berlin'],
    ['keys add openai --from x --proxy brelin', 3, 'no proxy "brelin"', 'berlin'],
    ['keys set main --proxy brelin', 3, 'no proxy "brelin"', 'berlin'],
    ['keys set main --secret --proxy brelin', 3, 'no proxy "brelin"', 'berlin'],
    ['proxies remove brelin --yes', 3, 'no proxy "brelin"', 'berlin'],
    ['proxies remove berlin', 1, 'named by the setting proxy', 'balance proxies disable berlin'],
    ['proxies remove spare', 2, 'Remove spare (http://spare.lan:3128)?', '--yes'],
    ['providers set openai tmeout=5s', 3, 'no setting "tmeout"', 'timeout'],
    ['providers add openai', 1, 'openai', 'balance providers show openai'],
    ['providers add lab', 2, 'base URL is needed', '--base-url'],
    ['providers add lab --base-url api.lab.io/v1', 2, 'https://', 'https://api.lab.io/v1'],
    ['providers add v1 --base-url http://a/v1', 2, '"v1"', ''],
    ['providers add lab --base-url http://a/v1 --kind x', 2, '--kind takes openai', ''],
    ['providers add lab --base-url http://a/v1 --set x', 2, 'name=value', 'timeout=60s'],
    ['providers set openai timeout=soon', 2, 'timeout', '5m'],
    ['config set port 9000', 2, 'port', 'BALANCE_PORT'],
    ['config set max_body 1TB', 2, 'max_body', '32MiB'],
    ['keys import keys.txt --provider opnai', 3, 'no provider "opnai"', 'openai'],
    ['keys import /does/not/exist', 2, '/does/not/exist', 'path'],
    ['keys import', 2, "Missing required argument 'file'.", 'See balance keys import --help.'],
    ['tokens set lptop --rpm 5', 3, 'no token "lptop"', 'balance tokens list'],
    ['tokens set laptop', 2, 'Nothing to change', '--expires'],
    ['tokens set laptop --rpm lots', 2, '--rpm takes a whole number', ''],
    ['tokens set laptop --expires 2020-01-01', 2, '"2020-01-01" is in the past', ''],
    ['tokens set laptop --models a,,b', 2, '--models takes names with commas', ''],
    ['routes list fst', 3, 'no route "fst"', 'fast'],
    ['routes remove fst --yes', 3, 'no route "fst"', 'fast'],
    ['routes remove fast', 2, 'Remove fast and its 1 target?', '--yes'],
    ['routes remove fast --to openai', 2, 'Remove 1 target of fast?', '--yes'],
    [
      'routes remove fast --to openai:gpt-4o --yes',
      3,
      'fast has no target "openai:gpt-4o"',
      'routes list fast',
    ],
    ['routes add fast', 2, "Required option '--to <target>' not specified.", 'routes add --help'],
    ['routes add fast --to opnai:gpt-4o', 3, 'no provider "opnai"', 'openai'],
    ['routes add fast --to openai:', 2, '"openai:" is no target', 'PROVIDER:MODEL'],
    ['routes add fast --to :gpt-4o', 2, '":gpt-4o" is no target', 'PROVIDER:MODEL'],
    ['routes add fast --to openai:gpt-*', 2, '"gpt-*" cannot be the model of a target', 'no *'],
    ['routes add a,b --to openai', 2, '"a,b" cannot be the model of a route', 'no comma'],
    ['routes add fast --to openai --weight 0', 2, '--weight takes a whole number', ''],
    ['routes add fast --to openai --weight 1.5', 2, '--weight takes a whole number', ''],
    ['routes add fast --to openai --tier 101', 2, '--tier takes a whole number from 1 to 100', ''],
    ['keys set main', 2, 'Nothing to change', '--label'],
    ['keys set main --weight 0', 2, '--weight takes a whole number', ''],
    ['keys set main --rpm lots', 2, '--rpm takes a whole number', ''],
    ['keys add openai --from /does/not/exist', 2, '/does/not/exist', 'path'],
    ['logs list --limit 0', 2, '--limit takes a whole number', ''],
    ['logs list --status 9999', 2, 'status does not take', '5xx'],
    ['logs list --since yesterday', 2, '"yesterday"', '2h'],
    ['logs export --format xml', 2, '--format takes csv, ndjson', ''],
    ['logs export --out /does/not/exist.csv', 1, '/does/not/exist.csv', ''],
    ['logs export --key mian', 3, 'no key "mian"', 'main'],
    ['logs prune', 2, 'Remove requests older than 30d, failed', '--yes'],
    ['logs prune --older-than 2h', 2, 'Remove requests and failed attempts older than 2h', '--yes'],
    ['logs prune --older-than soon --yes', 2, '"soon" is not a duration', '30s'],
    ['stats --by path', 2, '--by takes provider, key, token, model, hour', ''],
    ['stats --since 1h --until 2h', 2, 'since is not before 2h', '7d'],
    ['status --watch 0', 2, '--watch takes a whole number', ''],
    ['keys remove main', 2, 'Remove 1 key?', '--yes'],
    ['providers remove openai', 2, 'its 1 key and 1 target of routes?', '--yes'],
    ['providers set openai base_url=https://b.io/v1', 2, '1 key of openai', '--yes'],
    ['stop', 69, 'No daemon runs', 'balance serve'],
    ['reload', 69, 'No daemon runs', 'balance serve'],
    ['config validate', 78, 'no configuration file', 'balance config validate FILE'],
    ['config validate /does/not/exist.yaml', 78, '/does/not/exist.yaml', ''],
    ['status --store postgres://a/b', 78, 'not a store', 'sqlite:'],
  ])('balance %s → %d', async (command, code, message, hint) => {
    const words = await cli.inProcess(command.split(' '))
    expect(words).toMatchObject({ code, stdout: '' })
    const [first, second = ''] = words.stderr.split('\n')
    expect(first).toMatch(/^error: /)
    expect(first).toContain(message)
    expect(second).toContain(hint)

    const data = await cli.inProcess([...command.split(' '), '--json'])
    expect(data).toMatchObject({ code, stdout: '' })
    const { error } = JSON.parse(data.stderr)
    expect(`error: ${error.message}`).toBe(first)
    expect(error.hint ?? '').toBe(second)
    expect(error.code).toMatch(/^[a-z_]+$/)
  })

  it('makes no token for nobody to see, nor one that is limited wrongly', async () => {
    const create = ['tokens', 'create', 'a']
    const unseen = await cli.inProcess(create)
    expect(unseen).toMatchObject({ code: 2, stdout: '' })
    expect(unseen.stderr).toContain('Add --json')
    const json = [...create, '--json']
    expect((await cli.inProcess([...json, '--providers', 'opnai'])).code).toBe(3)
    expect((await cli.inProcess([...json, '--expires', '2020-01-01'])).code).toBe(2)
    expect((await cli.inProcess(['tokens', 'list', '--json'])).stdout).toBe('[]\n')
  })

  it('shows no secret that was typed as an argument', async () => {
    const secret = 'sk-proj-0123456789abcdef'
    for (const words of [
      ['keys', 'add', 'openai', secret],
      ['keys', 'add', 'openai', `--key=${secret}`],
      ['keys', 'add', 'openai', '--label', 'x', '--', secret],
    ]) {
      const { code, stdout, stderr } = await cli.inProcess(words)
      expect(code).toBe(2)
      expect(stdout + stderr).not.toContain(secret)
    }
    const { stderr } = await cli.inProcess(['keys', 'add', 'openai', secret])
    expect(stderr).toContain('balance keys add PROVIDER < keys.txt')
  })

  it('changes nothing: the store is as it was', async () => {
    const { stdout } = await cli.inProcess(['keys', 'list', '--json'])
    expect(JSON.parse(stdout)).toMatchObject([{ label: 'main', weight: 1, state: 'active' }])
    expect(JSON.parse((await cli.inProcess(['status', '--json'])).stdout)).toMatchObject({
      providers: [{ name: 'openai', base_url: 'https://api.openai.com/v1', enabled: true }],
    })
  })
})

describe('a malformed configuration file', () => {
  it('ends every command with its place, exit 78', async () => {
    const file = join(cli.folder, 'bad.yaml')
    writeFileSync(file, 'listen: 127.0.0.1:8077\nworkres: 1\n')
    const { code, stderr } = await cli.inProcess(['keys', 'list', '--config', file])
    expect(code).toBe(78)
    expect(stderr).toContain(`${file}:2:1`)
    expect(stderr).toContain('workers')
  })
})

describe('a master key that is not the right one', () => {
  it('leaves keys to be listed as sealed and to be removed, and adds none', async () => {
    const wrong = join(cli.folder, 'wrong-master-key')
    writeFileSync(wrong, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 })
    vi.stubEnv('BALANCE_MASTER_KEY_FILE', wrong)
    const listed = await cli.inProcess(['keys', 'list', '--json'])
    expect(JSON.parse(listed.stdout)).toMatchObject([{ label: 'main', state: 'sealed' }])

    const more = join(cli.folder, 'more.txt')
    writeFileSync(more, 'sk-0123456789abcdef0002\n')
    vi.stubEnv('BALANCE_MASTER_KEY_FILE', wrong)
    expect(await cli.inProcess(['keys', 'add', 'openai', '--from', more])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining(wrong),
    })

    vi.stubEnv('BALANCE_MASTER_KEY_FILE', wrong)
    expect((await cli.inProcess(['keys', 'remove', 'main', '--yes'])).code).toBe(0)
  })
})
