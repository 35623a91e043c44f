#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'

const OLDEST = [20, 19]

const args = process.argv.slice(2)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  fail(
    `balance needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}.`,
    'Install a current LTS from https://nodejs.org/ and try again.',
  )
} else if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  process.stdout.write(readFileSync(new URL('../VERSION', import.meta.url)))
} else if (!existsSync(new URL('../dist/cli.js', import.meta.url))) {
  fail('dist/cli.js is missing: this checkout was not built.', 'Run npm install, or npm run build.')
} else {
  // Without await: a Node that does not know it here could not even say that it is too old.
  void import('../dist/cli.js')
    .then(({ main }) => main(args))
    .then(code => {
      process.exitCode = code
    })
}

/** @param {string} message @param {string} hint */
function fail(message, hint) {
  process.stderr.write(`error: ${message}\n${hint}\n`)
  process.exitCode = 1
}
