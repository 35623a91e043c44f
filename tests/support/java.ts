import { spawnSync } from 'node:child_process'

/** Whether programs in Java can be run here; required where BALANCE_REQUIRE_JAVA is set. */
export const hasJava = spawnSync('java', ['--version']).status === 0

if (!hasJava) {
  const what = 'java is not installed'
  if (process.env.BALANCE_REQUIRE_JAVA) throw new Error(`${what}, but required.`)
  console.log(`SKIPPED: the test of Java's HttpClient, because ${what}.`)
}
