import { readFileSync } from 'node:fs'

/** Adds up vitest's JSON reports and prints the one line that says how it went. */
const [files, failed] = [process.argv.slice(2, -1), Number(process.argv.at(-1))]
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const file of files) {
  const report = JSON.parse(readFileSync(file, 'utf8'))
  sum.passed += report.numPassedTests
  sum.failed += report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1)
  sum.skipped += report.numPendingTests + report.numTodoTests
}
if (failed && sum.failed === 0) sum.failed = 1
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
