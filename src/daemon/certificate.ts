import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import { BalanceError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Tls } from '../gateway/server.ts'
import type { TlsFiles } from '../model/config.ts'

/** What the listener shows, and until when it is good. */
export interface Certificate {
  readonly tls: Tls
  /** Wall ms. */
  readonly expires: number
}

/**
 * Reads certificate and key, and sees that they belong together.
 * @throws BalanceError config_invalid naming the file
 */
export function readCertificate(files: TlsFiles): Certificate {
  const cert = readPem(files.cert)
  const key = readPem(files.key)
  const certificate = attempt(
    () => new X509Certificate(cert),
    `${files.cert} holds no certificate in PEM.`,
    'It begins with -----BEGIN CERTIFICATE-----, and is followed by its chain.',
  )
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${files.key} holds no private key in PEM that opens without a passphrase.`,
    'It begins with -----BEGIN PRIVATE KEY-----. openssl pkey -in KEY -out PLAIN takes a passphrase off.',
  )
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new BalanceError(
      'config_invalid',
      `${files.key} is not the key of the certificate in ${files.cert}.`,
      { hint: 'The certificate itself comes first in its file, before its chain.' },
    )
  }
  return { tls: { cert, key }, expires: Date.parse(certificate.validTo) }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new BalanceError('config_invalid', `${path} cannot be read (${code ?? message}).`, {
      cause,
      hint: 'It is named by tls in the configuration file, or --tls-cert and --tls-key.',
    })
  }
}

function attempt<T>(read: () => T, message: string, hint: string): T {
  try {
    return read()
  } catch {
    // Node's message may repeat what it read, and this may be a key.
    throw new BalanceError('config_invalid', message, { hint })
  }
}

const DAY = 86_400_000
/** Whoever renews by themselves does so earlier: Let's Encrypt's clients a month before the end. */
const SOON = 14 * DAY

/** The listener's certificate: read at the start, and again at every reload. */
export class ListenerCertificate {
  readonly #clock: Clock
  readonly #log: Logger
  #current: Certificate | null = null

  /** @throws BalanceError config_invalid */
  constructor(files: TlsFiles | null, clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
    if (files !== null) this.#current = this.#read(files)
  }

  /** Null: plain HTTP. */
  get tls(): Tls | null {
    return this.#current?.tls ?? null
  }

  /** Wall ms; null for plain HTTP. */
  get expires(): number | null {
    return this.#current?.expires ?? null
  }

  /**
   * What the listener is to show from now on; null where it goes on as it is, for a listener is
   * made for HTTP or for HTTPS.
   * @throws BalanceError config_invalid
   */
  reread(files: TlsFiles | null): Tls | null {
    if ((files === null) !== (this.#current === null)) {
      this.#log.warn('tls was taken into the configuration, or out of it: that needs a restart')
    }
    if (files === null || this.#current === null) return null
    this.#current = this.#read(files)
    return this.#current.tls
  }

  #read(files: TlsFiles): Certificate {
    const certificate = readCertificate(files)
    const expires = new Date(certificate.expires).toISOString()
    const left = certificate.expires - this.#clock.wall()
    if (left <= 0) this.#log.error({ cert: files.cert, expires }, 'the certificate has expired')
    else if (left < SOON)
      this.#log.warn({ cert: files.cert, expires }, 'the certificate expires soon')
    return certificate
  }
}
