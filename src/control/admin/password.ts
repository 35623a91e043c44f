import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { BalanceError } from '../../base/errors.ts'
import type { Secret } from '../../base/secret.ts'
import type { AdminPassword } from '../../model/admin.ts'

/** Fewer characters are guessed too soon by who has got the hash. */
const SHORTEST = 12
const LONGEST = 1_024

/** OWASP's Password Storage Cheat Sheet: some 0.3 s of one core, and 128 MiB. */
const COST = { cost: 2 ** 17, blockSize: 8, parallelization: 1 }
const HASH_BYTES = 32
const SALT_BYTES = 16

/**
 * What is to be kept of a password.
 * @throws BalanceError invalid_value where it is too short, or known to everybody
 */
export async function keptPassword(password: Secret): Promise<AdminPassword> {
  refuseWeak(password.reveal())
  const salt = randomBytes(SALT_BYTES).toString('hex')
  const unhashed = { ...COST, salt }
  return { ...unhashed, hash: (await derive(password.reveal(), unhashed)).toString('hex') }
}

/** Whether it is this password; null, of which there is none, takes as long. */
export async function isPassword(given: string, kept: AdminPassword | null): Promise<boolean> {
  const known = kept ?? { ...COST, salt: '00'.repeat(SALT_BYTES), hash: '00'.repeat(HASH_BYTES) }
  const hash = await derive(given, known)
  const same = timingSafeEqual(hash, Buffer.from(known.hash, 'hex'))
  return same && kept !== null
}

/** In libuv's pool: the loop goes on. */
function derive(password: string, with_: Omit<AdminPassword, 'hash'>): Promise<Buffer> {
  const { cost, blockSize, parallelization } = with_
  const options = {
    cost,
    blockSize,
    parallelization,
    // What it needs, 128 N r, and a little.
    maxmem: 128 * cost * blockSize + 1_048_576 * (parallelization + 1),
  }
  return new Promise((resolve, reject) => {
    // One keyboard writes é as one character, another as two.
    const text = password.normalize('NFC')
    scrypt(text, Buffer.from(with_.salt, 'hex'), HASH_BYTES, options, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    )
  })
}

function refuseWeak(password: string): void {
  const length = [...password].length
  if (length < SHORTEST) throw weak(`has ${length} characters`)
  if (length > LONGEST) throw weak('is longer than anybody types')
  if (isWellKnown(password)) throw weak('is among the first that anybody would try')
}

function weak(why: string): BalanceError {
  return new BalanceError('invalid_value', `The password ${why}.`, {
    hint: `Take ${SHORTEST} characters or more that nobody would guess: openssl rand -base64 18 makes some. Nothing was changed.`,
  })
}

/** Made of words and digits that everybody tries, of a row of keys, or of one piece again and again. */
function isWellKnown(password: string): boolean {
  const text = password.toLowerCase()
  return isRepeated(text) || isRow(text) || isMadeOfWords(text)
}

function isRepeated(text: string): boolean {
  return /^(.{1,6}?)\1+.{0,5}$/s.test(text)
}

/** Its neighbours are neighbours on a keyboard or in the alphabet, up or down. */
function isRow(text: string): boolean {
  const pairs = [...text].slice(1).map((letter, index) => `${text[index]}${letter}`)
  const near = pairs.filter(pair => ROWS.some(row => row.includes(pair)))
  return near.length >= pairs.length - 2
}

const ROWS = [
  ...['01234567890', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm'],
  ...['1q2w3e4r5t6y7u8i9o0p', 'qazwsxedcrfvtgbyhnujm', '1qaz2wsx3edc4rfv5tgb6yhn7ujm'],
].flatMap(row => [row, [...row].reverse().join('')])

/** Without the digits around it, and with those inside read as letters, hardly anything else is left. */
function isMadeOfWords(text: string): boolean {
  const [core] = /[a-z](?:.*[a-z])?/s.exec(text) ?? ['']
  const plain = [...core].map(letter => SPELLED[letter] ?? letter).join('')
  const letters = plain.replace(/[^a-z]/g, '')
  const rest = WORDS.reduce((left, word) => left.replaceAll(word, ''), letters)
  return letters !== '' && rest.length <= 3
}

/** How letters are spelled by who is told to use digits and signs. */
const SPELLED: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b' },
  ...{ '@': 'a', $: 's', '!': 'i', '|': 'l' },
}

/** Longer ones first. */
const WORDS = `
  administrator qwertyuiop passphrase dashboard password passwort football baseball sunshine princess
  iloveyou superman balance default gateway letmein welcome trustno testing batman change dragon monkey
  master openai passwd qwerty secret admin guest hello login please user world pass root test demo asdf
`
  .trim()
  .split(/\s+/)
