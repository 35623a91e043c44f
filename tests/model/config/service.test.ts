import { describe, expect, it } from 'vitest'
import { NO_SERVICE, takeService } from '../../../src/model/config.ts'
import { refusal } from '../../support/refusal.ts'

const PID = 4_711

describe('what a service manager gives', () => {
  it('is nothing unless it says so', () => {
    expect(takeService({}, PID)).toEqual(NO_SERVICE)
    expect(takeService({ LISTEN_FDS: '1', WATCHDOG_USEC: '30000000' }, PID)).toEqual(NO_SERVICE)
    expect(takeService({ LISTEN_PID: `${PID}`, LISTEN_FDS: '0' }, PID)).toEqual(NO_SERVICE)
  })

  it('are sockets from descriptor 3 on, where they are for this process', () => {
    const env = { LISTEN_PID: `${PID}`, LISTEN_FDS: '3' }
    expect(takeService({ ...env }, PID).sockets).toEqual([3, 4, 5])
    expect(takeService({ ...env }, PID + 1).sockets).toEqual([])
  })

  it.each([undefined, '', '-1', 'two', '1.5'])('is refused with LISTEN_FDS=%s', count => {
    const env = { LISTEN_PID: `${PID}`, LISTEN_FDS: count }
    expect(refusal(() => takeService(env, PID)).code).toBe('config_invalid')
  })

  it('is a place to tell how it is, and how often', () => {
    const env = { NOTIFY_SOCKET: '/run/systemd/notify', PATH: '/bin', SECRET: 'x' }
    expect(takeService({ ...env, WATCHDOG_USEC: '30000000' }, PID).notify).toEqual({
      env: { NOTIFY_SOCKET: '/run/systemd/notify', PATH: '/bin' },
      watchdog: 30_000,
    })
    const asked = (more: NodeJS.ProcessEnv) =>
      takeService({ ...env, ...more }, PID).notify?.watchdog
    expect(asked({})).toBeNull()
    expect(asked({ WATCHDOG_USEC: '0' })).toBeNull()
    expect(asked({ WATCHDOG_USEC: '2000', WATCHDOG_PID: `${PID}` })).toBe(2)
    expect(asked({ WATCHDOG_USEC: '2000', WATCHDOG_PID: `${PID + 1}` })).toBeNull()
  })

  it('is taken out of the environment, which children get', () => {
    const env = {
      ...{ LISTEN_PID: `${PID}`, LISTEN_FDS: '1', LISTEN_FDNAMES: 'balance.socket' },
      ...{ NOTIFY_SOCKET: '@x', WATCHDOG_PID: `${PID}`, WATCHDOG_USEC: '1', HOME: '/root' },
    }
    takeService(env, PID)
    expect(env).toEqual({ HOME: '/root' })
  })
})
