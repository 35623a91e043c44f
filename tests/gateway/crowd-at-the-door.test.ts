import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { startGateway } from '../support/gateway.ts'

const CROWD = 1_000

/** Connects so often at once, and prints how many were taken by the kernel within a second. */
const CALLERS = `
  const { connect } = require('node:net')
  let taken = 0
  for (let n = 0; n < ${CROWD}; n++)
    connect(Number(process.argv[1]), '127.0.0.1', () => taken++).on('error', () => {})
  setTimeout(() => {
    console.log(taken)
    process.exit()
  }, 900)
`

const LIMIT = '/proc/sys/net/core/somaxconn'
const most = existsSync(LIMIT) ? Number(readFileSync(LIMIT, 'utf8')) : 0

it.runIf(most > CROWD)('callers who come at once find a place while the loop is busy', async () => {
  const gateway = await startGateway({})
  try {
    // It stops the loop: nobody is accepted meanwhile.
    const { stdout } = spawnSync(process.execPath, ['-e', CALLERS, String(gateway.port)], {
      encoding: 'utf8',
    })
    expect(Number(stdout)).toBe(CROWD)
  } finally {
    await gateway.close()
  }
})
