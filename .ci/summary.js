import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

/** Adds up vitest's JSON reports: names what failed, and prints last the one line that says how it went. */
const [files, failed] = [process.argv.slice(2, -1), Number(process.argv.at(-1))]
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const file of files) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  sum.passed += report.numPassedTests
  sum.failed += report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1)
  sum.skipped += report.numPendingTests + report.numTodoTests
  for (const suite of report.testResults) tellFailures(suite)
}
if (failed && sum.failed === 0) sum.failed = 1
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)

function tellFailures({ name, status, message, assertionResults }) {
  const place = relative(process.cwd(), name)
  const red = assertionResults.filter(test => test.status === 'failed')
  for (const test of red) tell(`${place} > ${test.fullName}`, test.failureMessages.join('\n'))
  if (status === 'failed' && red.length === 0) tell(place, message)
}

function tell(what, why) {
  console.log(`FAILED ${what}\n${why.split('\n').slice(0, 12).join('\n')}\n`)
}
