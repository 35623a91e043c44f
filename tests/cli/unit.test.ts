import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { serviceUnit, socketUnit, type UnitParts } from '../../src/cli/unit.ts'
import { hasSystemd } from '../support/systemd.ts'

const PARTS: UnitParts = {
  scope: 'system',
  node: process.execPath,
  script: '/usr/bin/true',
  config: '/etc/balance/balance.config.yaml',
  listen: { host: '127.0.0.1', port: 8_077 },
  writable: [],
  storePassword: false,
  drain: 30_000,
}
/** Of `systemd-analyze security`. */
const MOST_EXPOSED = 2

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bal-unit-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The paths of both units, written. */
function write(parts: UnitParts): [socket: string, service: string] {
  const paths: [string, string] = [join(folder, 'balance.socket'), join(folder, 'balance.service')]
  writeFileSync(paths[0], socketUnit(parts))
  writeFileSync(paths[1], serviceUnit(parts))
  return paths
}

const VARIANTS: readonly [string, Partial<UnitParts>][] = [
  ['on SQLite', {}],
  ['on MySQL, reached from elsewhere', { storePassword: true, listen: { host: '::', port: 443 } }],
  ['with a store elsewhere', { writable: ['/srv/the store', '/srv/100%'] }],
  ['started from a home folder', { script: '/home/me/bin/balance.js' }],
  ['started from /tmp', { script: '/tmp/balance.js' }],
]

describe.runIf(hasSystemd)('the units of a host', () => {
  it.each(VARIANTS)('%s are what systemd takes, and give little away', (_, change) => {
    const [socket, service] = write({ ...PARTS, ...change })
    const options = { encoding: 'utf8', stdio: 'pipe' } as const
    // A script that is not there is not what is looked at.
    const found = execFileSync(
      'sh',
      ['-c', `systemd-analyze verify ${socket} ${service} 2>&1 || true`],
      options,
    )
    expect(found).toBe('')
    const report = execFileSync('systemd-analyze', ['security', '--offline=true', service], options)
    const [, exposure] = /exposure level for balance\.service: ([\d.]+)/.exec(report) ?? []
    expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSED)
    expect(Number(exposure)).toBeGreaterThan(0)
  })

  it('are taken as those of a user, too', () => {
    const paths = write({ ...PARTS, scope: 'user', config: '/home/me/.config/balance.config.yaml' })
    const found = execFileSync(
      'sh',
      ['-c', `systemd-analyze --user verify ${paths.join(' ')} 2>&1 || true`],
      {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
      },
    )
    expect(found).toBe('')
  })
})

describe('a service unit', () => {
  it('stops after the drain, however long that is', () => {
    expect(serviceUnit({ ...PARTS, drain: 600_500 })).toMatch(/^TimeoutStopSec=631$/m)
  })

  it('lets the program see the home folder that it is in, and says why', () => {
    expect(serviceUnit(PARTS)).toMatch(/^ProtectHome=yes$/m)
    expect(serviceUnit({ ...PARTS, node: '/home/me/node' })).toContain(
      '# /home/me/node is needed.\nProtectHome=read-only\n',
    )
    expect(serviceUnit({ ...PARTS, script: '/tmp/x.js' })).toContain(
      '# /tmp/x.js is needed.\nPrivateTmp=no\n',
    )
  })

  it('quotes what systemd would take for something else', () => {
    const unit = serviceUnit({ ...PARTS, node: '/opt/my node', script: '/opt/$x/100%.js' })
    expect(unit).toContain('ExecStart="/opt/my node" /opt/$$x/100%%.js serve\n')
  })

  it('never forbids what V8 compiles', () => {
    for (const scope of ['system', 'user'] as const) {
      expect(serviceUnit({ ...PARTS, scope })).not.toMatch(/^MemoryDenyWriteExecute/m)
    }
  })
})

it('a socket unit listens on an address of either kind', () => {
  expect(socketUnit(PARTS)).toMatch(/^ListenStream=127\.0\.0\.1:8077$/m)
  expect(socketUnit({ ...PARTS, listen: { host: '::1', port: 80 } })).toMatch(
    /^ListenStream=\[::1\]:80$/m,
  )
})
