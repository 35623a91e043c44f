import { AUTH, type Case, each, get, HIDDEN, refused, request, served } from '../cases.ts'

const MODELS = '/v1/models'
const rest = ['host: x', AUTH]

/** RFC 9112 §3: forms of the request line, versions, methods. */
export const REQUEST_LINES: readonly Case[] = [
  // Node does not tell which protocol it was that has this version.
  {
    ...served(
      'RTSP/1.0 is read as HTTP/1.0',
      request([`GET ${MODELS} RTSP/1.0`, ...rest], HIDDEN),
      'GET /v1/models',
    ),
    closed: true,
  },
  served('a plain one', get(MODELS), 'GET /v1/models'),
  served('empty lines before it', `\r\n\r\n${get(MODELS)}`, 'GET /v1/models'),
  served(
    'two spaces before the target',
    request([`GET  ${MODELS} HTTP/1.1`, ...rest]),
    'GET /v1/models',
  ),
  ...each(
    [
      'HTTP/0.9',
      'HTTP/1.2',
      'HTTP/1.9',
      'HTTP/2.0',
      'HTTP/2',
      'HTTP/3.0',
      'HTTP/9.9',
      'HTTP/1.10',
      'HTTP/11.1',
      'HTTP/1,1',
      'HTTP/1',
      'HTTP/.1',
      'HTTP/1.',
      'HTTP/x.1',
      'HTTP/1.1x',
      'HTTP/1.1 x',
      'HTTP/+1.1',
      'HTTP/01.1',
    ],
    (version, shown) =>
      refused(`version ${shown}`, request([`GET ${MODELS} ${version}`, ...rest], HIDDEN), 505),
  ),
  ...each(['http/1.1', 'HTTPS/1.1', 'HTP/1.1', 'ICE/1.0', '/1.1', 'HTTP 1.1'], (version, shown) =>
    refused(`protocol ${shown}`, request([`GET ${MODELS} ${version}`, ...rest], HIDDEN)),
  ),
  refused('no version', `GET ${MODELS}\r\n\r\n`, 505),
  refused('no version, with headers', request([`GET ${MODELS}`, ...rest], HIDDEN), 505),
  refused('no target', request(['GET HTTP/1.1', ...rest], HIDDEN)),
  refused('only a method', 'GET\r\n\r\n'),
  refused('a space at its end', request([`GET ${MODELS} HTTP/1.1 `, ...rest], HIDDEN), 505),
  refused('a tab for a space', request([`GET\t${MODELS}\tHTTP/1.1`, ...rest], HIDDEN)),
  refused('a line feed alone', `GET ${MODELS} HTTP/1.1\nhost: x\n${AUTH}\n\n${HIDDEN}`, 505),
  refused('a carriage return alone', `GET ${MODELS} HTTP/1.1\rhost: x\r\r${HIDDEN}`),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505),
  refused('a TLS hello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('SSH', 'SSH-2.0-OpenSSH_9.2\r\n'),
  refused('a space before the method', request([` GET ${MODELS} HTTP/1.1`, ...rest], HIDDEN)),
  refused('a NUL before the method', request([`\0GET ${MODELS} HTTP/1.1`, ...rest], HIDDEN)),
  ...each(
    [
      'CONNECT x:443',
      'CONNECT /v1/models',
      'TRACE /v1/models',
      'PROPFIND /v1/models',
      'LOCK /v1/models',
      'PURGE /v1/models',
      'M-SEARCH /v1/models',
      'LINK /v1/models',
      'SOURCE /v1/models',
      'QUERY /v1/models',
    ],
    (line, shown) =>
      refused(`method ${shown}`, request([`${line} HTTP/1.1`, ...rest], HIDDEN), 405),
  ),
  ...each(
    ['get', 'Get', 'GETS', 'FOO', 'GE T', 'G\0ET', 'GET:', '"GET"', 'POSTT', 'X-CUSTOM', 'G\x80T'],
    (method, shown) =>
      refused(`method ${shown}`, request([`${method} ${MODELS} HTTP/1.1`, ...rest], HIDDEN)),
  ),
  ...each(['OPTIONS', 'DELETE'], method =>
    served(method, request([`${method} ${MODELS} HTTP/1.1`, ...rest]), `${method} /v1/models`),
  ),
  {
    ...served('HEAD', request([`HEAD ${MODELS} HTTP/1.1`, ...rest]), 'HEAD /v1/models'),
    head: true,
  },
  {
    ...served('HTTP/1.0', request([`GET ${MODELS} HTTP/1.0`, ...rest]), 'GET /v1/models'),
    closed: true,
  },
  {
    ...served('HTTP/1.0 without Host', request([`GET ${MODELS} HTTP/1.0`, AUTH]), 'GET /v1/models'),
    closed: true,
  },
  served(
    'HTTP/1.0 kept alive',
    request([`GET ${MODELS} HTTP/1.0`, ...rest, 'connection: keep-alive']),
    'GET /v1/models',
  ),
]
