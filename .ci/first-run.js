/**
 * What a newcomer sees who follows README: a fresh clone, an empty home, an empty npm cache, terminals
 * side by side. Writes docs/first-run.md, with the seconds that each step took and tokens masked.
 * No vendor is asked: `balance mock` stands for one. Needs git, npm's registry, tmux and curl.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, homedir, release, tmpdir, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Terminals } from './terminals.js'

const top = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(top, 'README.md'), 'utf8')
const work = mkdtempSync(join(tmpdir(), 'balance-first-run-'))
const home = join(work, 'home')
const clone = join(home, 'balance')

const KEY = 'sk-lab-0123456789abcdef'
const REQUEST = 'curl "$OPENAI_BASE_URL/models" -H "Authorization: Bearer $OPENAI_API_KEY"'
const steps = []

mkdirSync(home)
execFileSync('git', ['clone', '-q', top, clone])
writeFileSync(join(clone, 'keys.txt'), 'gsk-0123456789abcdef\n', { mode: 0o600 })
const terminals = new Terminals({
  cwd: clone,
  env: {
    PATH: process.env.PATH,
    HOME: home,
    TERM: 'xterm-256color',
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
    SHELL: '/bin/bash',
    // npm keeps the settings that it needs to reach its registry from here.
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), '.npmrc'),
    npm_config_cache: join(work, 'cache'),
    npm_config_fund: 'false',
    npm_config_audit: 'false',
    npm_config_update_notifier: 'false',
  },
})
try {
  const first = await terminals.open()
  const second = await terminals.open()
  const vendor = await terminals.open()
  await tryIt(first, second)
  await useIt(first, second, vendor)
} finally {
  terminals.close()
  rmSync(work, { recursive: true, force: true, maxRetries: 5 })
}
writeFileSync(join(top, 'docs/first-run.md'), document())

async function tryIt(first, second) {
  await step('Install and look', first, 'npm install && npx balance serve --demo', {
    until: 'Ctrl-C ends the demo',
    seconds: 600,
  })
  const [curl] = /^ *curl [\s\S]*?\}'$/m.exec(first.screen)
  await step(
    'Paste what it prints into a second terminal',
    second,
    curl.trim().replace(/^ +/gm, '  '),
    {
      given: true,
    },
  )
  await step('End the demo', first, null, { press: 'C-c' })
}

async function useIt(first, second, vendor) {
  vendor.type('npx balance mock --port 8078')
  await vendor.shows('8078')
  await step('Furnish it', first, 'npx balance init', {
    answers: [
      ['Which provider', 'another'],
      ['Its base URL:', 'http://127.0.0.1:8078/v1'],
      ['Which API', ''],
      ['A name for it:', ''],
      ['key for lab:', KEY],
      ['Another key for lab', ''],
      ['who uses it?', ''],
    ],
  })
  const exports = first.screen.match(/^export .*$/gm)
  await step('Start it', first, 'npx balance serve', { until: 'Point a client at it' })
  for (const line of exports) await step('Point a client at it', second, line, { given: true })
  await step('A first request', second, REQUEST)
  for (const line of ['providers add groq', 'keys add groq --from keys.txt', 'tokens create ci']) {
    await step('More of everything', second, `npx balance ${line}`)
  }
  for (const line of ['keys list', 'keys test --all', 'logs errors', 'status']) {
    await step('See what happened', second, `npx balance ${line}`)
  }
  const client = await terminals.open()
  for (const line of exports) client.type(line)
  await step('Watch requests as they end', second, 'npx balance logs tail', {
    during: async () => {
      while (!second.screen.includes('/v1/')) {
        client.type(REQUEST)
        await new Promise(resolve => setTimeout(resolve, 500))
      }
      second.press('C-c')
    },
  })
  await step('End it', first, null, { press: 'C-c' })
}

/**
 * Types a command of README's, waits for what comes of it, and keeps what it looked like.
 * @param line null where only a key is pressed
 * @param given printed by an earlier step, so not in README
 */
async function step(title, terminal, line, options = {}) {
  const { until, seconds = 60, answers = [], press = null, given = false, during } = options
  if (line !== null && !given) mustBeInReadme(line)
  if (line !== null) await terminal.clear()
  const before = terminal.screen
  const began = performance.now()
  if (line !== null) terminal.type(line)
  if (press !== null) terminal.press(press)
  for (const [question, answer] of answers) {
    await terminal.shows(question)
    terminal.type(answer)
  }
  await during?.()
  if (until) await terminal.shows(until, seconds)
  else await terminal.free(seconds)
  const took = (performance.now() - began) / 1_000
  const { screen } = terminal
  // What is pressed comes behind what is there; a command stands on a clear screen.
  steps.push({ title, took, screen: line === null ? screen.slice(before.length) : screen })
}

function mustBeInReadme(line) {
  const written = line.replace(/^npx balance/, 'balance')
  if (readme.includes(line) || readme.includes(written)) return
  throw new Error(`README does not say: ${line}`)
}

function document() {
  const version = readFileSync(join(top, 'VERSION'), 'utf8').trim()
  const total = steps.reduce((sum, { took }) => sum + took, 0)
  const parts = []
  for (const [index, { title, took, screen }] of steps.entries()) {
    if (title !== steps[index - 1]?.title) parts.push(`## ${title}`)
    parts.push(`${took.toFixed(1)} s`, `\`\`\`console\n${masked(screen)}\n\`\`\``)
  }
  return `# A first run

What somebody sees who follows [the README](../README.md), command by command: a fresh clone, an empty home,
an empty npm cache. \`npm run report:first-run\` has typed it and written this down, with the seconds from Enter
to the end, or to the line that is waited for. Tokens are masked, and most events of the stream left out. No
vendor's API was asked: \`balance mock\` stands for one where a provider is needed, and a real one that is added
without a way to it is shown as unreachable.

Balance ${version}, Node ${process.versions.node}, ${type()} ${release().split('-')[0]}, ${cpus().length} cores. All steps together: ${total.toFixed(0)} s, of which ${steps[0].took.toFixed(0)} s
to install and build.

${parts.join('\n\n')}
`
}

function masked(screen) {
  return shortened(screen)
    .replaceAll(home, '~')
    .replace(/bal_[\w-]{43}/g, 'bal_…')
    .replaceAll(KEY, '…')
    .replace(/\n?\$$/, '')
    .trim()
}

/** Of a stream, its first events and its last one. */
function shortened(screen) {
  const events = screen.split('\n\n').filter(part => part.startsWith('data: '))
  if (events.length < 6) return screen
  const left = events.slice(3, -2)
  return screen.replace(left.join('\n\n'), `[${left.length} events more]`)
}
