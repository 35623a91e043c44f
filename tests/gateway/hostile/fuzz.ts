import { random } from '../../../src/mock/random.ts'

/** What targets are made of: what is served, what must not be, and what looks like either. */
const PIECES = [
  ...[
    '/',
    '/',
    '/',
    '//',
    '/./',
    '/../',
    '/..',
    '..',
    '.',
    '\\',
    '%2f',
    '%5c',
    '%2e%2e',
    '%252e',
    '%00',
    '%0d%0a',
    '%',
    '%zz',
    ';',
    ':',
    '@',
    '#',
    '?',
    '&',
    '=',
    ' ',
    '\t',
    '\0',
    '\x7f',
  ],
  ...[
    'v1',
    'V1',
    'v1beta',
    'v2',
    'v1/v1',
    'mock',
    'claude',
    'google',
    'Mock',
    'hf',
    'openai',
    'api',
    'admin',
    'livez',
    'metrics',
  ],
  ...[
    'models',
    'chat/completions',
    'messages',
    'embedding',
    'files/f1',
    'models/m:generateContent',
    'engines/e/completions',
    'openai/deployments/d/chat/completions',
  ],
  ...[
    'http://evil.example',
    '//evil.example',
    '@evil.example',
    'evil.example:80',
    '127.0.0.1:1',
    '[::1]',
    'file:///etc/passwd',
  ],
  ...[
    '?provider=',
    '?provider=mock',
    '?provider=evil',
    '&provider=claude',
    '?key=',
    '?key=x',
    '?base_url=http://evil.example',
    '?a=b',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '\u00e9', '\u00ff'],
]

const NAMES = [
  ...[
    'host',
    'Host',
    'connection',
    'x-forwarded-host',
    'x-forwarded-for',
    'forwarded',
    'x-original-url',
    'x-rewrite-url',
    'via',
    'cookie',
    'te',
    'upgrade',
    'expect',
    'trailer',
    'proxy-authorization',
    'proxy-connection',
    'keep-alive',
  ],
  ...[
    'authorization',
    'Authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'openai-organization',
    'openai-project',
  ],
  ...[
    'x-portkey-custom-host',
    'x-portkey-provider',
    'api-base',
    'api_base',
    'base_url',
    'x-base-url',
    'helicone-target-url',
    'x-upstream',
    'x-balance-provider',
    'x-balance-key',
    'x-balance-peer',
  ],
  ...[
    'accept',
    'user-agent',
    'range',
    'if-match',
    'content-type',
    'content-encoding',
    'content-location',
    'x-stainless-os',
    'anthropic-version',
    'idempotency-key',
    'origin',
    'sec-fetch-site',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'x-a'],
]

const VALUES = [
  ...[
    'x',
    '',
    'http://evil.example',
    'evil.example',
    '127.0.0.1:1',
    'close',
    'keep-alive',
    'authorization, host',
    'content-type',
    'gzip',
    'trailers',
    '100-continue',
  ],
  ...[
    'Bearer wrong',
    'application/json',
    'multipart/form-data; boundary=x',
    '__proto__',
    '{"__proto__":{"polluted":1}}',
    '\u00ff\u00fe',
    'a, b',
    '*',
    'null',
    'cross-site',
    'same-origin',
  ],
]

export const METHODS = ['GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']

/** Makes requests that nobody would send, the same again for the same seed. */
export class Fuzz {
  readonly #chance: () => number

  constructor(seed: number) {
    this.#chance = random(seed)
  }

  below(end: number): number {
    return Math.floor(this.#chance() * end)
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** A target; most begin as one that is served. */
  target(): string {
    let target = this.of([
      '/v1/',
      '/',
      '/mock/v1/',
      '/claude/v1/',
      '/google/v1beta/',
      '/hf/mock/v1/',
      '',
    ])
    const pieces = this.below(6)
    for (let at = 0; at < pieces; at++) {
      target += this.below(12) === 0 ? String.fromCharCode(this.below(256)) : this.of(PIECES)
    }
    return target
  }

  /** Flat: name, value, …; one Host, and a token in two of three. */
  headers(token: string): string[] {
    const headers =
      this.below(20) === 0 ? [] : ['host', this.of(['x', 'localhost', '127.0.0.1:8077'])]
    const pairs = this.below(6)
    for (let at = 0; at < pairs; at++) headers.push(this.of(NAMES), this.of(VALUES))
    if (this.below(3) > 0) {
      const [name, value] = this.of([
        ['authorization', `Bearer ${token}`],
        ['x-api-key', token],
        ['x-goog-api-key', token],
      ] as const)
      headers.push(name, value)
    }
    return headers
  }
}
