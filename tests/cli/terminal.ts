import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BINARY = fileURLToPath(new URL('../../bin/balance.js', import.meta.url))

/** util-linux's script(1) gives a command a terminal. */
export const hasTerminal = /util-linux/.test(
  spawnSync('script', ['--version']).stdout?.toString() ?? '',
)

/** Typed when its question has appeared; found out first, where it is a function. */
export type Answer = readonly [question: string, typed: string | (() => Promise<string>)]

export interface Terminal {
  readonly answers?: readonly Answer[]
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  /** What follows the command on its line: `| cat`, `> file`. */
  readonly rest?: string
}

/** Runs a command on a terminal, and gives all that was written to it. */
export function terminal(
  folder: string,
  words: string,
  { answers = [], columns = 80, rows = 24, env = {}, rest = '' }: Terminal = {},
): Promise<{ code: number | null; screen: string }> {
  // exec: the shell between would end by itself on Ctrl-C.
  const exec = rest === '' ? 'exec ' : ''
  const command = `${exec}${process.execPath} ${BINARY} ${words} --data-dir ${folder} ${rest}`
  const sized = `stty columns ${columns} rows ${rows}; ${command}`
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const child = spawn('script', ['--quiet', '--return', '--command', sized, '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, TERM: 'xterm', ...env },
  })
  let screen = ''
  const left = [...answers]
  child.stdout.on('data', chunk => {
    screen += chunk
    if (!left[0] || !screen.includes(left[0][0])) return
    const [, typed] = left.shift() as Answer
    if (typeof typed === 'string') child.stdin.write(typed)
    else void typed().then(text => child.stdin.write(text))
  })
  return new Promise(resolve => child.on('close', code => resolve({ code, screen })))
}
