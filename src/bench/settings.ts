import { parseArgs } from 'node:util'
import { BalanceError } from '../base/errors.ts'
import { findPortkey, type Peer } from './peer.ts'
import { SCENARIO_NAMES } from './scenarios.ts'

/** What a run was asked for. */
export interface Settings {
  readonly quick: boolean
  /** Names of scenarios, in the order in which they run. */
  readonly only: readonly string[]
  readonly rounds: number
  /** Of the scenario of many streams. */
  readonly streams: number
  /** Where there are to be many. */
  readonly keys: number
  readonly peers: readonly Peer[]
}

const ROUNDS = 7
const STREAMS = 1_000
const KEYS = 10_000

/** In a run that is to show that everything works, not how fast. */
const QUICK = { rounds: 1, streams: 100, keys: 100 }

/**
 * Reads the options that `balance bench` has checked the form of.
 * @throws BalanceError usage, invalid_value, no_such
 */
export function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      streams: { type: 'string' },
      peer: { type: 'string', multiple: true, default: [] },
      'peer-header': { type: 'string', multiple: true, default: [] },
      portkey: { type: 'string' },
    },
  })
  const { quick, only, rounds, streams } = values
  const portkey = findPortkey(values.portkey ?? null)
  return {
    quick,
    only: only === undefined ? SCENARIO_NAMES : chosen(only),
    rounds: Number(rounds ?? (quick ? QUICK.rounds : ROUNDS)),
    streams: Number(streams ?? (quick ? QUICK.streams : STREAMS)),
    keys: quick ? QUICK.keys : KEYS,
    peers: [
      // A run that is to be brief has no time for one that nobody named.
      ...(portkey !== null && (!quick || values.portkey !== undefined) ? [portkey] : []),
      ...peersIn(values.peer, values['peer-header']),
    ],
  }
}

/** `json,body`: names of scenarios, or their first word. */
function chosen(text: string): readonly string[] {
  const words = text.split(',').map(word => word.trim())
  const unknown = words.find(word => !SCENARIO_NAMES.some(name => isMeant(word, name)))
  if (unknown !== undefined) {
    throw new BalanceError('invalid_value', `There is no scenario "${unknown}".`, {
      hint: `There are: ${SCENARIO_NAMES.join(', ')}.`,
    })
  }
  return SCENARIO_NAMES.filter(name => words.some(word => isMeant(word, name)))
}

function isMeant(word: string, name: string): boolean {
  return word !== '' && (name === word || name.startsWith(`${word}-`))
}

/** What the bench itself calls its contenders. */
const TAKEN: ReadonlySet<string> = new Set(['direct', 'nginx', 'bare', 'balance', 'portkey'])

function peersIn(peers: readonly string[], headers: readonly string[]): Peer[] {
  const found = peers.map(text => {
    const [name, command] = halves('--peer', text, '=', 'NAME=COMMAND')
    if (!/^[\w.-]{1,20}$/.test(name) || TAKEN.has(name)) {
      throw new BalanceError('invalid_value', `--peer cannot be called "${name}".`, {
        hint: `Letters, digits, ".", "-" and "_"; not ${[...TAKEN].join(', ')}.`,
      })
    }
    if (!command.includes('{port}') || !command.includes('{upstream}')) {
      throw new BalanceError('invalid_value', `--peer ${name}: {port} or {upstream} is missing.`, {
        hint: 'The command is told by them where to listen, and where to send requests.',
      })
    }
    return { name, version: null, command, headers: {} as Record<string, string> }
  })
  for (const text of headers) {
    const [name, header] = halves('--peer-header', text, '=', 'NAME=HEADER: VALUE')
    const [field, value] = halves('--peer-header', header, ':', 'NAME=HEADER: VALUE')
    const peer = found.find(one => one.name === name)
    if (peer === undefined) {
      throw new BalanceError('no_such', `--peer-header names "${name}", which no --peer does.`)
    }
    peer.headers[field.toLowerCase()] = value
  }
  return found
}

function halves(option: string, text: string, mark: string, form: string): [string, string] {
  const at = text.indexOf(mark)
  if (at > 0) return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
  throw new BalanceError('invalid_value', `${option} takes ${form}, not "${text}".`)
}
