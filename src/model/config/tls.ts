import { BalanceError } from '../../base/errors.ts'
import { parseFile } from './bootstrap.ts'
import { resolvePath } from './search.ts'
import { type Chosen, choose, type Sources } from './sources.ts'

/** Files in PEM, by their full paths: the certificate that the listener shows, and its private key. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

interface ChosenTls {
  /** Null: plain HTTP. */
  readonly files: TlsFiles | null
  readonly origins: { readonly tls_cert: string; readonly tls_key: string }
}

/** @throws BalanceError config_invalid where one of the two is given without the other */
export function chooseTls(
  from: Sources,
  flags: { readonly tlsCert?: string; readonly tlsKey?: string },
  cwd: string,
  home: string,
): ChosenTls {
  const cert = choose<string | null>(null, [
    from.flag('--tls-cert', flags.tlsCert, parseFile),
    from.variable('BALANCE_TLS_CERT', parseFile),
    from.file(['tls', 'cert'], parseFile),
  ])
  const key = choose<string | null>(null, [
    from.flag('--tls-key', flags.tlsKey, parseFile),
    from.variable('BALANCE_TLS_KEY', parseFile),
    from.file(['tls', 'key'], parseFile),
  ])
  const origins = { tls_cert: cert.origin, tls_key: key.origin }
  const path = ({ value, folder }: Chosen<string | null>) =>
    value === null ? null : resolvePath(value, folder ?? cwd, home)
  const files = { cert: path(cert), key: path(key) }
  if (files.cert !== null && files.key !== null) {
    return { files: { cert: files.cert, key: files.key }, origins }
  }
  if (files.cert === null && files.key === null) return { files: null, origins }
  const [given, other] = files.key === null ? [cert, 'key'] : [key, 'certificate']
  throw new BalanceError('config_invalid', `${given.origin}: TLS needs its ${other} too.`, {
    hint: 'Give both: tls: {cert, key}, --tls-cert and --tls-key, BALANCE_TLS_CERT and BALANCE_TLS_KEY.',
  })
}
