import { spawn } from 'node:child_process'
import { type Clock, monotonicMicroseconds } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Notify } from '../model/config.ts'

const COMMAND = 'systemd-notify'
/** It returns when the service manager has read what it sent: at once, or there is something wrong. */
const PATIENCE_MS = 5_000

interface NotifierParts {
  /** Null: nobody is told anything. */
  readonly notify: Notify | null
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Tells the service manager how the daemon does, by the protocol of sd_notify(3). Node opens no
 * datagram socket of Unix, so systemd's own command sends it, for which the unit must say
 * NotifyAccess=all. Nothing waits for it: one runs at a time, and what is said meanwhile follows.
 */
export class Notifier {
  readonly #parts: NotifierParts
  /** Changes of state that were not sent yet, in their order. */
  #states: string[][] = []
  #status: string | null = null
  #alive = false
  #sending = false
  #asked = false
  #complained = false

  constructor(parts: NotifierParts) {
    this.#parts = parts
  }

  /** It serves, for the first time or as before a reload. */
  ready(): void {
    this.#say(['READY=1'])
  }

  reloading(): void {
    this.#say(['RELOADING=1', `MONOTONIC_USEC=${monotonicMicroseconds()}`])
  }

  stopping(): void {
    this.#say(['STOPPING=1'])
  }

  /** What `systemctl status` shows; of several that wait the last one is sent. */
  status(text: string): void {
    this.#status = text.replaceAll(/\s+/g, ' ')
    this.#sendSoon()
  }

  /** A sign of life, for the watchdog. */
  alive(): void {
    this.#alive = true
    this.#sendSoon()
  }

  #say(state: string[]): void {
    this.#states.push(state)
    this.#sendSoon()
  }

  /** What is said in one turn is said together. */
  #sendSoon(): void {
    if (this.#asked) return
    this.#asked = true
    queueMicrotask(() => {
      this.#asked = false
      this.#send()
    })
  }

  #send(): void {
    const { notify, clock } = this.#parts
    if (notify === null || this.#sending) return
    const words = this.#take()
    if (words.length === 0) return
    this.#sending = true
    const child = spawn(COMMAND, words, { env: notify.env, stdio: 'ignore' })
    // A daemon that has ended is not kept by it.
    child.unref()
    const late = clock.after(PATIENCE_MS, () => child.kill('SIGKILL'))
    const done = (problem: string | null) => {
      late.stop()
      this.#sending = false
      if (problem !== null) this.#complain(problem)
      this.#send()
    }
    child.once('error', ({ message }) => done(message))
    child.once('exit', (code, signal) =>
      done(code === 0 ? null : `it ended with ${code ?? signal}`),
    )
  }

  #take(): string[] {
    const words = this.#states.shift() ?? []
    if (this.#status !== null) words.push(`STATUS=${this.#status}`)
    if (this.#alive) words.push('WATCHDOG=1')
    this.#status = null
    this.#alive = false
    return words
  }

  #complain(problem: string): void {
    if (this.#complained) return
    this.#complained = true
    this.#parts.log.warn(
      { problem },
      `${COMMAND} does not work: systemd is not told how it is here`,
    )
  }
}
