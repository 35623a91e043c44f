import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { BINARY } from '../support/daemon.ts'
import { hasTerminal } from './terminal.ts'

/** How each is started with nothing of this host's in it, and takes the script. */
const SHELLS = {
  bash: ['bash --norc --noprofile -i', 'PS1=\'READY\'"> "; source <(balance completion bash)'],
  zsh: [
    'zsh -f -i',
    'PROMPT=\'READY\'"> "; autoload -U compinit; compinit -u -D; source <(balance completion zsh)',
  ],
  fish: [
    'fish --no-config --interactive',
    "function fish_prompt; echo -n 'READY''> '; end; balance completion fish | source",
  ],
} as const

const cli = new CommandLine()
const bin = join(cli.folder, 'bin')

beforeAll(async () => {
  mkdirSync(bin)
  // What completion asks is real; any other command is only shown.
  const program = `#!/bin/sh
case $1 in complete | completion) exec ${process.execPath} ${BINARY} "$@" ;; esac
echo "RAN:$*:"`
  writeFileSync(join(bin, 'balance'), program, { mode: 0o755 })
  writeFileSync(join(cli.folder, 'keys-of-mine.txt'), '')
  await cli.inProcess(['providers', 'add', 'openai'])
  await cli.run(['keys', 'add', 'openai', '--label', 'main'], 'sk-planted-00000001\n')
})
afterAll(() => cli.remove())

describe.skipIf(!hasTerminal)('at a press of Tab', () => {
  describe.each(Object.keys(SHELLS) as (keyof typeof SHELLS)[])('%s', shell => {
    const here = spawnSync(shell, ['-c', 'true']).status === 0
    if (!here) console.log(`${shell} is not installed: its completion is not tested here`)

    it.skipIf(!here).each([
      ['balance keys te\t--al\t', 'keys test --all'],
      ['balance keys show ma\t', 'keys show main'],
      ['balance config get max_ret\t', 'config get max_retries'],
      ['balance providers set op\tcommit_h\t3s', 'providers set openai commit_hold=3s'],
      ['balance logs list --provider op\t', 'logs list --provider openai'],
      ['balance keys add openai --from keys-of\t', 'keys add openai --from keys-of-mine.txt'],
      ['balance env --client=curs\t', 'env --client=cursor'],
    ])('%j becomes %s', async (typed, ran) => {
      expect(await type(shell, typed)).toBe(ran)
    })

    it.skipIf(!here)('nothing that was typed is run', async () => {
      const typed = 'balance keys show $(touch$IFS""planted)\t'
      await type(shell, `${typed}\u0015balance done`)
      expect(spawnSync('ls', [cli.folder]).stdout.toString()).not.toContain('planted')
    })
  })
})

/** Types into an interactive shell, then Enter: the arguments that balance was run with. */
function type(shell: keyof typeof SHELLS, typed: string): Promise<string> {
  const [start, setUp] = SHELLS[shell]
  const child = spawn('script', ['--quiet', '--return', '--command', start, '/dev/null'], {
    cwd: cli.folder,
    env: {
      PATH: `${bin}:${process.env.PATH}`,
      HOME: cli.folder,
      TERM: 'xterm',
      BALANCE_DATA_DIR: cli.folder,
    },
  })
  let screen = ''
  const steps = [
    ['READY> ', `${typed}\r`],
    ['RAN:', 'exit\r'],
  ] as const
  let next = 0
  child.stdin.write(`${setUp}\r`)
  child.stdout.on('data', chunk => {
    screen += chunk
    const step = steps[next]
    if (!step || !screen.includes(step[0])) return
    next += 1
    child.stdin.write(step[1])
  })
  return new Promise((resolve, reject) => {
    child.on('close', () => {
      const [, ran] = /RAN:(.*?)\s*:/.exec(screen) ?? []
      if (ran === undefined) reject(new Error(`Nothing was run: ${JSON.stringify(screen)}`))
      else resolve(ran)
    })
  })
}
