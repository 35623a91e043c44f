import type { ChildProcess } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { systemClock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import { listenOnLoopback } from './child.ts'

/** A port of 127.0.0.1 that nobody listens on now, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenOnLoopback(server)
  await new Promise(resolve => server.close(resolve))
  return port
}

const PATIENCE_MS = 60_000
const LOOK_AGAIN_MS = 20
/** Of what a program printed before it ended. */
const QUOTED = 400

/**
 * Waits until a program takes connections.
 * @throws BalanceError failed: it ended, or took a minute
 */
export async function answers(name: string, program: ChildProcess, port: number): Promise<void> {
  let printed = ''
  for (const output of [program.stdout, program.stderr]) {
    output?.on('data', chunk => {
      printed = `${printed}${chunk}`.slice(-QUOTED)
    })
  }
  let ended: string | null = null
  program.once('error', error => {
    ended = error.message
  })
  program.once('exit', (code, signal) => {
    ended = `exit ${code ?? signal}`
  })
  const start = systemClock.now()
  while (!(await takesConnections(port))) {
    if (ended !== null || systemClock.now() - start > PATIENCE_MS) {
      program.kill('SIGKILL')
      throw new BalanceError(
        'failed',
        `${name} ${ended === null ? 'did not listen within a minute' : `ended before it listened (${ended})`}.`,
        { hint: printed.trim() === '' ? 'It printed nothing.' : `It printed: ${printed.trim()}` },
      )
    }
    await systemClock.sleep(LOOK_AGAIN_MS)
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
