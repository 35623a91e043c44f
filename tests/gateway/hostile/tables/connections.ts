import { TOKEN } from '../../../support/gateway.ts'
import {
  AUTH,
  type Case,
  CHAT_BODY,
  CHAT_UP,
  denied,
  each,
  get,
  HIDDEN,
  post,
  request,
  served,
} from '../cases.ts'

const N = `content-length: ${CHAT_BODY.length}`
const ONE = get('/v1/one')
const TWO = get('/v1/two')
const BROKEN = 'GET /v1/three HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n'

function bearing(...lines: readonly string[]): string {
  return request(['GET /v1/models HTTP/1.1', 'host: x', ...lines])
}

/** What follows on a connection, hop-by-hop headers (T14), and credentials (§2). */
export const CONNECTIONS: readonly Case[] = [
  served('two in a row', ONE + TWO, 'GET /v1/one', 'GET /v1/two'),
  served('a body and another', post([N]) + TWO, CHAT_UP, 'GET /v1/two'),
  served(
    'ten in a row',
    Array.from({ length: 10 }, (_, at) => get(`/v1/n${at}`)).join(''),
    ...Array.from({ length: 10 }, (_, at) => `GET /v1/n${at}`),
  ),
  {
    name: 'a good one, and two Hosts',
    bytes: ONE + BROKEN + HIDDEN,
    statuses: [200, 400],
    closed: true,
    up: ['GET /v1/one'],
  },
  {
    name: 'a good one, and no HTTP',
    bytes: `${ONE}garbage\r\n\r\n${HIDDEN}`,
    statuses: [200, 400],
    closed: true,
    up: ['GET /v1/one'],
  },
  {
    name: 'two good ones, and no HTTP',
    bytes: `${ONE}${post([N])}\0\0\0${HIDDEN}`,
    statuses: [200, 200, 400],
    closed: true,
    up: ['GET /v1/one', CHAT_UP],
  },
  {
    name: 'a good one, and a broken chunk',
    bytes: `${ONE}${post(['transfer-encoding: chunked'], 'zz\r\n')}${HIDDEN}`,
    statuses: [200, 400],
    closed: true,
    up: ['GET /v1/one'],
  },
  {
    name: 'a refused one, and no HTTP',
    bytes: `${get('/v1/../x')}garbage\r\n\r\n${HIDDEN}`,
    statuses: [400, 400],
    closed: true,
    up: [],
  },
  {
    name: 'refused before its body breaks',
    bytes: `${post(['transfer-encoding: chunked'], 'zz\r\n').replace(AUTH, 'authorization: Bearer wrong')}${HIDDEN}`,
    statuses: [401],
    closed: true,
    up: [],
  },
  {
    name: 'Connection: close, and another',
    bytes: get('/v1/one', 'connection: close') + HIDDEN,
    statuses: [200],
    closed: true,
    up: ['GET /v1/one'],
  },
  {
    name: 'HTTP/1.0, and another',
    bytes: request(['GET /v1/one HTTP/1.0', AUTH], HIDDEN),
    statuses: [200],
    closed: true,
    up: ['GET /v1/one'],
  },
  ...each(
    [
      'authorization',
      'Authorization, x-api-key',
      'content-length',
      'content-type',
      'host',
      'content-type, content-length, host',
      'transfer-encoding',
      'user-agent',
      'accept',
      'keep-alive, authorization',
      'x-forwarded-for',
      'anthropic-version',
      ',,,',
      'a b',
      '',
    ],
    (value, shown) => served(`Connection ${shown}`, post([N, `connection: ${value}`]), CHAT_UP),
  ),
  ...each(
    [
      'te: trailers',
      'te: gzip',
      'trailer: x',
      'keep-alive: timeout=1',
      'proxy-authorization: Basic canary',
      'proxy-connection: keep-alive',
      'proxy-authenticate: x',
    ],
    (line, shown) => served(`hop by hop ${shown}`, post([N, line]), CHAT_UP),
  ),
  served('the same token twice', bearing(AUTH, AUTH), 'GET /v1/models'),
  served(
    'the same token in four places',
    bearing(AUTH, `x-api-key: ${TOKEN}`, `api-key: ${TOKEN}`, `x-goog-api-key: ${TOKEN}`),
    'GET /v1/models',
  ),
  served(
    'a wrong one and a right one',
    bearing('authorization: Bearer wrong', AUTH),
    'GET /v1/models',
  ),
  served(
    'a right one and a wrong one',
    bearing(AUTH, 'authorization: Bearer wrong'),
    'GET /v1/models',
  ),
  served(
    'x-api-key twice',
    bearing(`x-api-key: ${TOKEN}`, `X-Api-Key: ${TOKEN}`),
    'GET /v1/models',
  ),
  served('a wrong x-api-key beside', bearing(AUTH, 'x-api-key: wrong'), 'GET /v1/models'),
  denied('two tokens', bearing(AUTH, 'authorization: Bearer bal_other-token-0123456789abcdef')),
  denied('two tokens in two places', bearing(AUTH, 'x-api-key: bal_other-token-0123456789abcdef')),
  denied(
    'two tokens by x-api-key',
    bearing(`x-api-key: ${TOKEN}`, 'x-api-key: bal_other-token-0123456789abcdef'),
  ),
  denied(
    'two tokens, one in the query',
    request(['GET /v1/models?key=bal_other-token-0123456789abcdef HTTP/1.1', 'host: x', AUTH]),
  ),
  ...each(
    [
      'authorization: Bearer',
      'authorization: Bearer ',
      'authorization:',
      'authorization: Basic Zm9v',
      'authorization: Bearer wrong',
      `authorization: Bearer ${TOKEN}x`,
      `authorization: Bearer "${TOKEN}"`,
      `authorization: Bearer ${TOKEN}, Bearer x`,
      `authorization: Bearer ${TOKEN} x`,
      `x-api-key: ${TOKEN}, ${TOKEN}`,
      `cookie: token=${TOKEN}`,
      `proxy-authorization: Bearer ${TOKEN}`,
      `authorization_: Bearer ${TOKEN}`,
      `authorization: Bearer ${'a'.repeat(300)}`,
      'authorization: Bearer __proto__',
      'x-api-key: constructor',
      `authorization: Digest ${TOKEN}`,
    ],
    (line, shown) => denied(`credential ${shown}`, bearing(line), 401),
  ),
  ...each(
    [
      `authorization: bearer ${TOKEN}`,
      `authorization: BEARER   ${TOKEN}`,
      `authorization: ${TOKEN}`,
      `x-api-key: ${TOKEN}`,
      `Api-Key: ${TOKEN}`,
      `X-GOOG-API-KEY: ${TOKEN}`,
    ],
    (line, shown) => served(`credential ${shown}`, bearing(line), 'GET /v1/models'),
  ),
  served(
    '?key=',
    request([`GET /v1/models?a=1&key=${TOKEN}&b=2 HTTP/1.1`, 'host: x']),
    'GET /v1/models?a=1&b=2',
  ),
  served(
    '?key= twice',
    request([`GET /v1/models?key=${TOKEN}&key=${TOKEN} HTTP/1.1`, 'host: x']),
    'GET /v1/models',
  ),
]
