import { AUTH, type Case, denied, each, get, HIDDEN, refused, request, served } from '../cases.ts'

const UP = 'GET /v1/models'

function with_(...lines: readonly string[]): string {
  return request(['GET /v1/models HTTP/1.1', ...lines], '')
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `x-h${at}: 1`)
}

/** RFC 9112 §3.2, §5: Host, the shape of fields, how many there are. */
export const HEADERS: readonly Case[] = [
  refused('no Host', with_(AUTH) + HIDDEN),
  refused('two Hosts', with_('host: x', 'host: y', AUTH) + HIDDEN),
  refused('two equal Hosts', with_('host: x', 'Host: x', AUTH) + HIDDEN),
  refused('three Hosts', with_('host: x', 'HOST: x', 'hOsT: z', AUTH) + HIDDEN),
  refused('two Hosts around others', with_('host: x', AUTH, ...many(20), 'host: y') + HIDDEN),
  refused(
    'two Hosts, HTTP/1.0',
    request(['GET /v1/models HTTP/1.0', 'host: x', 'host: y', AUTH], HIDDEN),
  ),
  ...each(
    [
      '',
      ' ',
      'a b',
      'a/b',
      'a,b',
      'a@b',
      'http://x',
      'x/../y',
      'a?b',
      'a#b',
      'x\tz',
      '"x"',
      '<x>',
      'x;y',
      'x%00',
      'x\\y',
      'é',
      '*',
      'x=y',
      "'x'",
      'x|y',
      '{x}',
    ],
    (host, shown) => refused(`Host ${shown}`, with_(`host: ${host}`, AUTH) + HIDDEN),
  ),
  ...each(
    [
      'x',
      'X.example',
      'localhost:8077',
      '127.0.0.1',
      '[::1]:80',
      '[2001:db8::1]',
      'my_service:80',
      'a-b.c',
      'x.',
      'xn--bcher-kva.example',
    ],
    (host, shown) => served(`Host ${shown}`, with_(`host: ${host}`, AUTH), UP),
  ),
  ...each(
    [
      'host : x',
      ' host: x',
      'host\t: x',
      '\thost: x',
      'host',
      ': x',
      'ho st: x',
      'host\0: x',
      'host@: x',
      '(host): x',
      'h\xf6st: x',
      'host;: x',
      '"host": x',
      '\x7fhost: x',
      'a{: b',
      'host/: x',
    ],
    (line, shown) => refused(`field ${shown}`, with_('host: x', AUTH, line) + HIDDEN),
  ),
  ...each(
    [
      'a: b\r\n c',
      'a: b\r\n\tc',
      'a: b\r\n ',
      'a:\r\n b',
      'content-length: 0\r\n 5',
      'transfer-encoding:\r\n chunked',
    ],
    (line, shown) => refused(`folded ${shown}`, with_('host: x', AUTH, line) + HIDDEN),
  ),
  ...each(
    [
      'a: b\nc: d',
      'a: b\rc: d',
      'a: b\r',
      'a: b\0',
      'a: \0',
      'a: b\x01',
      'a: b\x7f',
      'a: b\x1fc',
      'a: b\n',
    ],
    (line, shown) => refused(`value ${shown}`, with_('host: x', AUTH, line) + HIDDEN),
  ),
  ...each(
    [
      'a: ',
      'a:',
      'a:b',
      'a:\tb',
      'a: b\t ',
      "a!#$%&'*+-.^_`|~0: b",
      'a: caf\xe9',
      'a: \xff\xfe',
      '__proto__: x',
      'constructor: x',
      'hasOwnProperty: x',
      'toString: x',
    ],
    (line, shown) => served(`field ${shown}`, with_('host: x', AUTH, line), UP),
  ),
  served('100 headers', with_('host: x', AUTH, ...many(98)), UP),
  refused('101 headers', with_('host: x', AUTH, ...many(99)) + HIDDEN, 431),
  refused(
    '2,100 headers',
    with_('host: x', AUTH, ...Array.from({ length: 2_100 }, () => 'a:')) + HIDDEN,
    431,
  ),
  refused(
    'a Host hidden behind 2,000 others',
    with_('host: x', AUTH, ...Array.from({ length: 2_000 }, () => 'a:'), 'host: y') + HIDDEN,
    431,
  ),
  refused('a value of 20 kB', with_('host: x', AUTH, `a: ${'b'.repeat(20_000)}`) + HIDDEN, 431),
  refused('a name of 20 kB', with_('host: x', AUTH, `${'b'.repeat(20_000)}: a`) + HIDDEN, 431),
  refused(
    '20 values of 1 kB',
    with_(
      'host: x',
      AUTH,
      ...Array.from({ length: 20 }, (_, at) => `a${at}: ${'b'.repeat(1_000)}`),
    ) + HIDDEN,
    431,
  ),
  served('a value of 8 kB', with_('host: x', AUTH, `a: ${'b'.repeat(8_000)}`), UP),
  refused(
    'a line that never ends',
    `GET /v1/models HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(40_000)}`,
    431,
  ),
  ...each(['http://evil.example', 'null', 'https://x.evil', 'file://'], (origin, shown) =>
    denied(`Origin ${shown}`, with_('host: x', AUTH, `origin: ${origin}`), 403),
  ),
  denied('a page of another site', with_('host: x', AUTH, 'sec-fetch-site: cross-site'), 403),
  ...each(['h2c', 'HTTP/2.0', 'TLS/1.0', 'made-up/1'], (protocol, shown) =>
    served(
      `Upgrade ${shown} is not taken up`,
      with_(
        'host: x',
        AUTH,
        `upgrade: ${protocol}`,
        'connection: upgrade, http2-settings',
        'http2-settings: AAMAAABkAAQAAP__',
      ),
      UP,
    ),
  ),
  served('Upgrade without Connection', with_('host: x', AUTH, 'upgrade: h2c'), UP),
  ...each(['200-ok', '100-continued', '100', 'x'], (expect, shown) =>
    refused(`Expect ${shown}`, with_('host: x', AUTH, `expect: ${expect}`) + HIDDEN, 417),
  ),
  {
    // Whether its client sends a body before it is told to nobody can tell: Node closes.
    ...served('Expect more than one', with_('host: x', AUTH, 'expect: 100-continue, x'), UP),
    closed: true,
  },
  refused(
    'Expect with two hosts',
    with_('host: x', 'host: y', AUTH, 'expect: 100-continue') + HIDDEN,
  ),
  served(
    'a URI of a proxy',
    get(
      '/v1/models',
      'x-original-url: /admin',
      'x-rewrite-url: /admin',
      'x-forwarded-prefix: /admin',
    ),
    UP,
  ),
  served(
    'another method',
    get('/v1/models', 'x-http-method-override: DELETE', 'x-method-override: DELETE'),
    UP,
  ),
]
