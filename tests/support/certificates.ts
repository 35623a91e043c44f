import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'

export interface Certificate {
  readonly key: string
  readonly cert: string
}

/**
 * Made anew at each run by openssl: no private key lies in the repository.
 * @param days that it is good for; less than 0: it was
 */
export function makeCertificate(name: string, days = 30): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'balance-certificate-'))
  const [key, asked, cert] = ['key', 'asked', 'cert'].map(file => join(folder, `${file}.pem`)) as [
    string,
    string,
    string,
  ]
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
    const request = ['req', '-new', ...curve, ...subject, '-keyout', key, '-out', asked]
    execFileSync('openssl', request, { stdio: 'pipe' })
    const signed = ['-signkey', key, '-copy_extensions', 'copy', '-days', String(days)]
    execFileSync('openssl', ['x509', '-req', '-in', asked, ...signed, '-out', cert], {
      stdio: 'pipe',
    })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/**
 * Makes this process trust a certificate from now on, as an entry in the system's store would.
 * @returns what undoes it
 */
export function trust({ cert }: Certificate): () => void {
  const real = tls.createSecureContext
  tls.createSecureContext = options => real({ ...options, ca: cert })
  return () => {
    tls.createSecureContext = real
  }
}
