import type { FailedRow } from '../row.ts'
import { answers, finishes, resets, sends, stalls } from '../steps.ts'

const UNREACHABLE = [502, 'upstream_unreachable'] as const
const TIMEOUT = [504, 'upstream_timeout'] as const
const UNTRUSTED = [502, 'upstream_tls'] as const
const BROKEN = [502, 'upstream_error'] as const

const secure = (port: number) => `https://127.0.0.1:${port}`
const OK = 'HTTP/1.1 200 OK\r\n'

/** No connection: the upstream got nothing. Names below `.invalid` are those of `../names.ts`. */
const NOT_SENT: readonly FailedRow[] = [
  {
    ...row('refused', 'refuses the connection'),
    origin: () => 'http://127.0.0.1:1',
    way: 'again',
    code: () => 'ECONNREFUSED',
    answer: UNREACHABLE,
  },
  {
    ...row('reset-connecting', 'resets the connection while it is made'),
    origin: () => 'http://econnreset.invalid',
    way: 'again',
    code: () => 'ECONNRESET',
    answer: UNREACHABLE,
  },
  {
    ...row('no-host', 'has a name that does not exist'),
    origin: () => 'http://enotfound.invalid',
    way: 'otherProvider',
    code: () => 'ENOTFOUND',
    answer: UNREACHABLE,
  },
  {
    ...row('dns-down', 'cannot be looked up: the DNS server does not answer'),
    origin: () => 'http://eai-again.invalid',
    fault: 'local',
    way: 'otherProvider',
    code: () => 'EAI_AGAIN',
    answer: [503, 'local_fault'],
  },
  {
    ...row('no-descriptors', 'cannot be reached: this host has no descriptors left'),
    origin: () => 'http://emfile.invalid',
    fault: 'local',
    way: 'never',
    code: () => 'EMFILE',
    answer: [503, 'local_fault'],
  },
  {
    ...row('connect-stall', 'lets the connection wait longer than `connect_timeout`'),
    origin: () => 'http://silent.invalid',
    // undici's clock of connections ticks once a second: those of one dialect take long enough.
    settings: { connect_timeout: 40 },
    dialects: ['chat'],
    way: 'again',
    code: () => 'UND_ERR_CONNECT_TIMEOUT',
    answer: TIMEOUT,
  },
  {
    ...row('handshake-stall', 'accepts, then lets the TLS handshake wait'),
    origin: secure,
    // undici's clock of connections ticks once a second: those of one dialect take long enough.
    settings: { connect_timeout: 40 },
    dialects: ['chat'],
    way: 'again',
    code: () => 'UND_ERR_CONNECT_TIMEOUT',
    answer: TIMEOUT,
  },
  {
    ...row('handshake-reset', 'resets the connection inside the TLS handshake'),
    origin: secure,
    script: () => [resets],
    way: 'again',
    code: () => 'ECONNRESET',
    answer: UNREACHABLE,
  },
  {
    ...row('handshake-closed', 'closes the connection inside the TLS handshake'),
    origin: secure,
    script: () => [finishes],
    way: 'again',
    code: () => 'ECONNRESET',
    answer: UNREACHABLE,
  },
  {
    ...row('self-signed', 'shows a certificate that it signed itself'),
    certificate: 'self-signed',
    origin: secure,
    way: 'otherProvider',
    code: () => 'DEPTH_ZERO_SELF_SIGNED_CERT',
    answer: UNTRUSTED,
  },
  {
    ...row('other-name', 'shows a certificate for another name'),
    certificate: 'other-name',
    origin: secure,
    way: 'otherProvider',
    code: () => 'ERR_TLS_CERT_ALTNAME_INVALID',
    answer: UNTRUSTED,
  },
  {
    ...row('plain-port', 'speaks plain HTTP where TLS is asked for'),
    origin: secure,
    script: () => answers(400, 'text/plain', 'This is plain HTTP.'),
    way: 'otherProvider',
    code: () => 'ERR_SSL_WRONG_VERSION_NUMBER',
    answer: UNTRUSTED,
  },
]

/** The request went out, and no answer came. */
const UNANSWERED: readonly FailedRow[] = [
  {
    ...row('closed', 'takes the request and closes the connection'),
    script: () => [finishes],
    way: 'once',
    code: () => 'UND_ERR_SOCKET',
    answer: UNREACHABLE,
  },
  {
    ...row('reset', 'takes the request and resets the connection'),
    script: () => [resets],
    way: 'once',
    code: () => 'ECONNRESET',
    answer: UNREACHABLE,
  },
  {
    ...row('silent', 'takes the request and says nothing for longer than `timeout`'),
    script: () => [stalls],
    settings: { timeout: 5_000 },
    during: 5_000,
    way: 'once',
    code: () => 'upstream_timeout',
    answer: TIMEOUT,
  },
  {
    ...row('out-of-time', 'says nothing until `first_byte_timeout` is over, for all attempts'),
    script: () => [stalls],
    settings: { first_byte_timeout: 2_000 },
    during: 2_000,
    way: 'never',
    code: () => 'upstream_timeout',
    answer: TIMEOUT,
  },
  {
    ...row('half-head', 'falls silent inside the head of its answer'),
    script: () => [sends(`${OK}content-`), stalls],
    settings: { timeout: 5_000 },
    during: 5_000,
    way: 'once',
    code: () => 'upstream_timeout',
    answer: TIMEOUT,
  },
  {
    ...row('continue', 'sends 100 Continue, which nobody asked for'),
    script: () => [sends('HTTP/1.1 100 Continue\r\n\r\n')],
    way: 'once',
    code: () => 'UND_ERR_SOCKET',
    answer: UNREACHABLE,
  },
  {
    ...row('switch', 'sends 101 Switching Protocols, which nobody asked for'),
    script: () => [
      sends(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
      ),
    ],
    way: 'once',
    code: () => 'UND_ERR_SOCKET',
    answer: UNREACHABLE,
  },
]

/** What came is no HTTP/1.1. */
const MALFORMED: readonly FailedRow[] = [
  malformed('junk', 'answers with bytes that are no HTTP', '\x00\x01\x02\xff junk\r\n\r\n'),
  malformed('ssh', 'answers as an SSH server', 'SSH-2.0-OpenSSH_9.2\r\n'),
  malformed(
    'bare-lf',
    'ends the lines of its head with LF alone',
    `HTTP/1.1 200 OK\ncontent-length: 0\n\n`,
  ),
  malformed('long-head', 'sends a head of 70 KB', `${OK}x: ${'y'.repeat(70_000)}\r\n\r\n`),
  malformed(
    'length-and-chunks',
    'gives both a Content-Length and Transfer-Encoding: chunked',
    `${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  ),
  malformed(
    'two-lengths',
    'gives two Content-Lengths',
    `${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
  ),
  malformed('nul', 'has a NUL in a header', `${OK}x: a\x00b\r\ncontent-length: 2\r\n\r\n{}`),
]

export const TRANSPORT: readonly FailedRow[] = [...NOT_SENT, ...UNANSWERED, ...MALFORMED]

function row(id: string, upstream: string) {
  const base = { fault: 'provider', status: null, script: () => [] } as const
  return { ...base, id, upstream }
}

function malformed(id: string, upstream: string, bytes: string): FailedRow {
  return {
    ...row(id, upstream),
    script: () => [sends(Buffer.from(bytes, 'latin1'))],
    way: 'otherProvider',
    code: () => /^(HPE_|HTTPParserError|UND_ERR_)/,
    answer: BROKEN,
  }
}
