import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SCENARIO_NAMES } from '../../src/bench/scenarios.ts'
import { readSettings } from '../../src/bench/settings.ts'

const PEER = '--peer=mine=gate --listen {port} --to {upstream}/v1'

describe('what a run is asked for', () => {
  it('is everything, seven times, unless it says otherwise', () => {
    expect(readSettings([])).toMatchObject({ rounds: 7, streams: 1_000, keys: 10_000 })
    expect(readSettings([]).only).toEqual(SCENARIO_NAMES)
  })

  it('is some scenarios, by name or by first word, in the order in which they run', () => {
    const { only } = readSettings(['--only=stream,body-2m,json'])
    expect(only).toEqual(['json', 'body-2m-first', 'body-2m-last', 'stream'])
  })

  it('is another gateway, with headers of its own', () => {
    const { peers } = readSettings([PEER, '--peer-header=mine=X-Token: a=b:c'])
    expect(peers).toEqual([
      {
        name: 'mine',
        version: null,
        command: 'gate --listen {port} --to {upstream}/v1',
        headers: { 'x-token': 'a=b:c' },
      },
    ])
  })
})

describe('what cannot be meant', () => {
  it.each([
    [['--only=jsn'], 'invalid_value', 'There is no scenario "jsn".', 'json, steady'],
    [['--only='], 'invalid_value', 'There is no scenario "".', 'json, steady'],
    [['--peer=gate'], 'invalid_value', 'NAME=COMMAND', null],
    [['--peer=bare={port} {upstream}'], 'invalid_value', 'cannot be called "bare"', 'Letters'],
    [['--peer=a=gate {port}'], 'invalid_value', '{upstream} is missing', 'where to listen'],
    [['--peer-header=a=x: y'], 'no_such', 'which no --peer does', null],
    [[PEER, '--peer-header=mine=x'], 'invalid_value', 'NAME=HEADER: VALUE', null],
  ])('%j is refused', (args, code, message, hint) => {
    const refused = refusalOf(args)
    expect(refused).toMatchObject({ code, message: expect.stringContaining(message) })
    if (hint !== null) expect(refused).toMatchObject({ hint: expect.stringContaining(hint) })
  })

  it('is a folder without the gateway that was said to be there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bal-bench-'))
    try {
      expect(refusalOf([`--portkey=${folder}`])).toMatchObject({
        code: 'no_such',
        hint: `Install it there: npm install --prefix ${folder} @portkey-ai/gateway`,
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function refusalOf(args: readonly string[]): unknown {
  try {
    return readSettings(args)
  } catch (error) {
    return error
  }
}
