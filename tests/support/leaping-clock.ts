import { type Clock, systemClock } from '../../src/base/clock.ts'

/** The real clock, with time that can be skipped: timers that are set do not notice. */
export class LeapingClock implements Clock {
  #skipped = 0

  now(): number {
    return systemClock.now() + this.#skipped
  }

  wall(): number {
    return systemClock.wall() + this.#skipped
  }

  after = systemClock.after
  every = systemClock.every
  sleep = systemClock.sleep

  leap(ms: number): void {
    this.#skipped += ms
  }
}
