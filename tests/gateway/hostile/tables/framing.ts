import {
  AUTH,
  type Case,
  CHAT_BODY,
  CHAT_UP,
  chunk,
  denied,
  each,
  HIDDEN,
  post,
  refused,
  request,
  served,
} from '../cases.ts'

const N = CHAT_BODY.length
const ENDED = `${chunk(CHAT_BODY)}0\r\n\r\n`
const TE = 'transfer-encoding: chunked'

/** RFC 9112 §6, §7: how long a request is, where two readers could differ. */
export const FRAMING: readonly Case[] = [
  served('a length', post([`content-length: ${N}`]), CHAT_UP),
  served('chunks', post([TE], ENDED), CHAT_UP),
  served(
    'chunks, one byte each',
    post([TE], `${[...CHAT_BODY].map(byte => chunk(byte)).join('')}0\r\n\r\n`),
    CHAT_UP,
  ),
  ...each(
    [
      `content-length: ${N}\r\n${TE}`,
      `${TE}\r\ncontent-length: ${N}`,
      `${TE}\r\ncontent-length: 0`,
      `content-length: 0\r\n${TE}`,
      `content-length: 4\r\nTransfer-Encoding: chunked`,
    ],
    (lines, shown) => refused(`a length and chunks ${shown}`, post([lines], ENDED) + HIDDEN),
  ),
  ...each(
    [
      `${N}\r\ncontent-length: ${N}`,
      `${N}\r\ncontent-length: 0`,
      `0\r\ncontent-length: ${N}`,
      `${N}\r\nContent-Length: ${N + 80}`,
      `${N}, ${N}`,
      `${N},${N}`,
      `+${N}`,
      `-${N}`,
      `0x${N.toString(16)}`,
      `${N}.0`,
      `${N}e0`,
      `${N} 1`,
      `1 ${N}`,
      `${N}a`,
      'a',
      '',
      ' ',
      `${N};`,
      `"${N}"`,
      '18446744073709551616',
      '99999999999999999999999999',
      `${N}\0`,
      `${N}\x0b`,
      '-0',
      '+0',
      `\x85${N}`,
    ],
    (value, shown) =>
      refused(`content-length ${shown}`, post([`content-length: ${value}`]) + HIDDEN),
  ),
  ...each([`0${N}`, `000${N}`, `${N} `, `  ${N}`, `\t${N}`], (value, shown) =>
    served(`content-length ${shown}`, post([`content-length: ${value}`]), CHAT_UP),
  ),
  ...each(
    [
      'gzip, chunked',
      'chunked, chunked',
      'chunked, identity',
      'identity',
      'gzip',
      'xchunked',
      'chunkedx',
      'chunk',
      '"chunked"',
      "'chunked'",
      'chunked;q=1',
      'chunked ;',
      ', chunked',
      'chunked,',
      'identity, chunked',
      'x',
      '',
      'chunke d',
      'chunked gzip',
      'deflate, chunked',
      'compress',
      'chunked\r\ntransfer-encoding: chunked',
      'chunked\r\ntransfer-encoding: gzip',
      'gzip\r\ntransfer-encoding: chunked',
      'identity\r\ntransfer-encoding: chunked',
      'chunked\xa0',
      '  chunked\t',
      'cow, chunked',
      'chunked, cow',
    ],
    (value, shown) =>
      refused(
        `transfer-encoding ${shown}`,
        post([`transfer-encoding: ${value}`], ENDED) + HIDDEN,
        501,
      ),
  ),
  ...each(['Chunked', 'CHUNKED', '  chunked', 'chunked ', '\tchunked'], (value, shown) =>
    served(`transfer-encoding ${shown}`, post([`transfer-encoding: ${value}`], ENDED), CHAT_UP),
  ),
  ...each(
    [
      'transfer-encoding : chunked',
      'transfer\tencoding: chunked',
      ' transfer-encoding: chunked',
      'transfer-encoding\0: chunked',
      'x: y\r\n transfer-encoding: chunked',
      'transfer-encoding:\r\n chunked',
      'x: y\ntransfer-encoding: chunked',
      'x: y\rtransfer-encoding: chunked',
    ],
    (line, shown) =>
      refused(
        `a coding half hidden ${shown}`,
        post([`content-length: ${N}`, line], ENDED) + HIDDEN,
      ),
  ),
  ...each(
    [
      'transfer_encoding: chunked',
      'x-transfer-encoding: chunked',
      'transfer-encodin: chunked',
      'content_length: 5',
      'x-content-length: 5',
    ],
    (line, shown) =>
      served(`no coding and no length ${shown}`, post([`content-length: ${N}`, line]), CHAT_UP),
  ),
  refused('chunks in HTTP/1.0', post([TE], ENDED, 'HTTP/1.0') + HIDDEN),
  refused(
    'chunks in HTTP/1.0, kept alive',
    post([TE, 'connection: keep-alive'], ENDED, 'HTTP/1.0') + HIDDEN,
  ),
  refused('both in HTTP/1.0', post([TE, `content-length: ${N}`], ENDED, 'HTTP/1.0') + HIDDEN),
  {
    ...served(
      'a length in HTTP/1.0',
      post([`content-length: ${N}`], CHAT_BODY, 'HTTP/1.0'),
      CHAT_UP,
    ),
    closed: true,
  },
  ...each([';a', ';a=b', ';a="b"', ';a="b;c"', ';a=b;c=d'], (extension, shown) =>
    served(
      `chunk extension ${shown}`,
      post([TE], `${chunk(CHAT_BODY, extension)}0\r\n\r\n`),
      CHAT_UP,
    ),
  ),
  ...each([';a\n', ';a="\n"', '\n', ' ;a\r', ';a=\0', ' x', ';a=b\x01'], (extension, shown) =>
    refused(
      `chunk extension ${shown}`,
      post([TE], `${chunk(CHAT_BODY, extension)}0\r\n\r\n`) + HIDDEN,
    ),
  ),
  refused(
    'chunk extensions of 20 kB',
    post([TE], `${chunk(CHAT_BODY, `;${'a'.repeat(20_000)}`)}0\r\n\r\n`) + HIDDEN,
  ),
  ...each(
    [
      '0x24',
      '+24',
      '-24',
      ' 24',
      '2 4',
      '24h',
      'g',
      '',
      'ffffffffffffffff0',
      '100000000000000000',
      '24\0',
      '24,',
      '\t24',
    ],
    (size, shown) =>
      refused(`chunk size ${shown}`, post([TE], `${size}\r\n${CHAT_BODY}\r\n0\r\n\r\n`) + HIDDEN),
  ),
  ...each(['024', '00000024', '24'], (size, shown) =>
    served(`chunk size ${shown}`, post([TE], `${size}\r\n${CHAT_BODY}\r\n0\r\n\r\n`), CHAT_UP),
  ),
  refused('a chunk longer than its size', post([TE], `23\r\n${CHAT_BODY}\r\n0\r\n\r\n`) + HIDDEN),
  refused('a chunk shorter than its size', post([TE], `25\r\n${CHAT_BODY}\r\n0\r\n\r\n`) + HIDDEN),
  refused('a chunk ended by a line feed', post([TE], `24\r\n${CHAT_BODY}\n0\r\n\r\n`) + HIDDEN),
  refused('a size ended by a line feed', post([TE], `24\n${CHAT_BODY}\r\n0\r\n\r\n`) + HIDDEN),
  refused('a last chunk ended by a line feed', post([TE], `${chunk(CHAT_BODY)}0\n\n`) + HIDDEN),
  refused('chunks ended by a carriage return', post([TE], `24\r${CHAT_BODY}\r0\r\r`) + HIDDEN),
  refused('a second size in place of the data', post([TE], `5\r\n\r\n${HIDDEN}`)),
  served('a trailer', post([TE], `${chunk(CHAT_BODY)}0\r\nx-trailer: y\r\n\r\n`), CHAT_UP),
  served(
    'a trailer that names a length',
    post([TE], `${chunk(CHAT_BODY)}0\r\nx-content-length: 99\r\n\r\n`),
    CHAT_UP,
  ),
  served(
    'a trailer with a credential',
    post([TE, 'trailer: x-api-key'], `${chunk(CHAT_BODY)}0\r\nx-api-key: canary\r\n\r\n`),
    CHAT_UP,
  ),
  served(
    'a trailer with a Host',
    post([TE], `${chunk(CHAT_BODY)}0\r\nhost: evil\r\n\r\n`),
    CHAT_UP,
  ),
  ...each(['content-length: 5', 'transfer-encoding: chunked'], (line, shown) =>
    refused(
      `a trailer ${shown}`,
      post([TE], `${chunk(CHAT_BODY)}0\r\n${line}\r\n\r\n`) + HIDDEN,
      line.startsWith('t') ? 501 : 400,
    ),
  ),
  ...each(['a b: c', ' a: b', 'a', 'a: b\nc: d', 'a: \0'], (line, shown) =>
    refused(
      `a broken trailer ${shown}`,
      post([TE], `${chunk(CHAT_BODY)}0\r\n${line}\r\n\r\n`) + HIDDEN,
    ),
  ),
  refused(
    'trailers of 20 kB',
    post([TE], `${chunk(CHAT_BODY)}0\r\na: ${'b'.repeat(20_000)}\r\n\r\n`) + HIDDEN,
    431,
  ),
  ...['GET', 'HEAD', 'DELETE'].flatMap(method => {
    const head = [`${method} /v1/models HTTP/1.1`, 'host: x', AUTH]
    return [
      {
        ...refused(
          `${method} with a body`,
          request([...head, `content-length: ${HIDDEN.length}`], HIDDEN),
        ),
        head: method === 'HEAD',
      },
      {
        ...refused(`${method} with chunks`, request([...head, TE], `${chunk(HIDDEN)}0\r\n\r\n`)),
        head: method === 'HEAD',
      },
      {
        ...served(
          `${method} with a length of 0`,
          request([...head, 'content-length: 0']),
          `${method} /v1/models`,
        ),
        head: method === 'HEAD',
      },
    ]
  }),
  denied('a body that is not JSON', post(['content-length: 3'], 'abc')),
  denied(
    'a body that is compressed',
    post([`content-length: ${N}`, 'content-encoding: gzip']),
    415,
  ),
  {
    name: 'more than its length',
    bytes: `${post([`content-length: ${N}`])}\0${HIDDEN}`,
    statuses: [200, 400],
    closed: true,
    up: [CHAT_UP],
  },
  ...each(['chunked\x0b', '\x0bchunked', 'chunked\0'], (value, shown) =>
    refused(`transfer-encoding ${shown}`, post([`transfer-encoding: ${value}`], ENDED) + HIDDEN),
  ),
]
