import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { Redactor } from '../../src/base/redactor.ts'
import { ListenerCertificate, readCertificate } from '../../src/daemon/certificate.ts'
import type { TlsFiles } from '../../src/model/config.ts'
import { type Certificate, makeCertificate } from '../support/certificates.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { refusal } from '../support/refusal.ts'

let folder: string
let first: Certificate
let second: Certificate
let files: TlsFiles

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bal-certificate-'))
  files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  first = makeCertificate('localhost')
  second = makeCertificate('localhost')
})
beforeEach(() => write(first))
afterAll(() => rmSync(folder, { recursive: true }))

function write({ cert, key }: Certificate): void {
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
}

describe('a certificate', () => {
  it('is read with its key and its end', () => {
    const { tls, expires } = readCertificate(files)
    expect(tls).toEqual(first)
    expect(expires).toBe(Date.parse(new X509Certificate(first.cert).validTo))
  })

  it('may be followed by its chain', () => {
    write({ ...first, cert: first.cert + second.cert })
    expect(readCertificate(files).tls.cert).toContain(second.cert)
  })

  it.each([
    [() => rmSync(files.cert), /cert\.pem cannot be read \(ENOENT\)/],
    [() => rmSync(files.key), /key\.pem cannot be read \(ENOENT\)/],
    [() => writeFileSync(files.cert, first.key), /cert\.pem holds no certificate/],
    [() => writeFileSync(files.key, first.cert), /key\.pem holds no private key/],
    [() => writeFileSync(files.key, second.key), /key\.pem is not the key of the certificate/],
    [() => writeFileSync(files.cert, second.cert + first.cert), /is not the key of/],
  ])('that cannot be used is refused by its file: %#', (spoil, message) => {
    spoil()
    const error = refusal(() => readCertificate(files))
    expect(error).toMatchObject({ code: 'config_invalid', message: expect.stringMatching(message) })
    const line = first.key.split('\n')[1] as string
    expect(`${error.message}${error.hint}`).not.toContain(line)
  })
})

describe("the listener's certificate", () => {
  const lines: string[] = []
  const log = createLogger('info', new Redactor(), { write: line => lines.push(line) })
  const DAY = 86_400_000

  beforeEach(() => {
    lines.length = 0
  })

  it('is none where none is configured', () => {
    expect(new ListenerCertificate(null, new ManualClock(), log).tls).toBeNull()
  })

  it.each([
    [15, []],
    [13, ['the certificate expires soon']],
    [-1, ['the certificate has expired']],
  ])('%i days before its end is worth the words %j', (days, words) => {
    const clock = new ManualClock(readCertificate(files).expires - days * DAY)
    new ListenerCertificate(files, clock, log)
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(words)
  })

  it('is read again, and stays as it is where the new one cannot be used', () => {
    const certificate = new ListenerCertificate(files, new ManualClock(), log)
    write(second)
    expect(certificate.reread(files)).toEqual(second)
    writeFileSync(files.key, first.key)
    expect(refusal(() => certificate.reread(files)).code).toBe('config_invalid')
    expect(certificate.tls).toEqual(second)
  })

  it('is not begun or given up while the daemon runs', () => {
    const plain = new ListenerCertificate(null, new ManualClock(), log)
    expect(plain.reread(files)).toBeNull()
    const secure = new ListenerCertificate(files, new ManualClock(), log)
    expect(secure.reread(null)).toBeNull()
    expect(secure.tls).toEqual(first)
    expect(lines.filter(line => line.includes('needs a restart'))).toHaveLength(2)
  })
})
