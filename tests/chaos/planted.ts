import { randomBytes, randomUUID } from 'node:crypto'

/** A secret that must be found nowhere, and a name to tell it by. */
export interface Planted {
  readonly name: string
  readonly value: string
}

/** Letters and digits that no other text holds. */
function noise(length: number): string {
  let text = ''
  while (text.length < length) text += randomBytes(64).toString('base64').replace(/\W/g, '')
  return text.slice(0, length)
}

/** Provider keys as vendors shape them, and as none should. */
export function plantKeys(): Planted[] {
  const shapes: Record<string, string> = {
    openai: `sk-${noise(48)}`,
    project: `sk-proj-${noise(20)}_${noise(20)}-${noise(10)}`,
    anthropic: `sk-ant-api03-${noise(40)}-${noise(8)}AA`,
    google: `AIzaSy${noise(33)}`,
    groq: `gsk_${noise(52)}`,
    xai: `xai-${noise(80)}`,
    huggingface: `hf_${noise(34)}`,
    perplexity: `pplx-${noise(48)}`,
    zhipu: `${randomBytes(16).toString('hex')}.${noise(16)}`,
    uuid: randomUUID(),
    jwt: `eyJ${noise(30)}.eyJ${noise(120)}.${noise(43)}`,
    dashes: `a-multi-dash-key-${noise(8)}-${noise(8)}`,
    url: `a+b/c=d&e?f%20g#${noise(16)}`,
    percent: `%41%42%2F${noise(16)}`,
    quotes: `"quo\\ted"${noise(12)}`,
    markup: `<b>&amp;${noise(12)}</b>`,
    eight: noise(8),
    ten: noise(10),
    fifteen: noise(15),
    long: `sk-${noise(400)}`,
  }
  return Object.entries(shapes).map(([name, value]) => ({ name: `key ${name}`, value }))
}

export function plantTokens(): Planted[] {
  return [
    { name: 'token brought along', value: `my-own-${noise(24)}` },
    { name: 'token with symbols', value: `to"k\\e+n/=&%41${noise(16)}` },
    { name: 'token from a file', value: `bal_${noise(43)}` },
    { name: 'token that is wrong', value: `bal_${noise(43)}` },
  ]
}

export function plantMasterKey(): Planted {
  return { name: 'master key', value: randomBytes(32).toString('base64') }
}

/** Every way a secret might be written: as it is, in JSON, in a URL, in hex, in base64 at any offset. */
function formsOf(value: string): ReadonlyMap<string, string> {
  const hex = Buffer.from(value).toString('hex')
  const forms = new Map([
    ['as it is', value],
    ['in JSON', JSON.stringify(value).slice(1, -1)],
    ['in a URL', encodeURIComponent(value)],
    ['in hex', hex],
    ['in upper hex', hex.toUpperCase()],
  ])
  for (const offset of [0, 1, 2]) {
    const text = inBase64(value, offset)
    forms.set(`in base64 (${offset})`, text)
    forms.set(`in base64url (${offset})`, text.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return forms
}

/** The digits that stand for nothing but the value when it begins at this offset of a longer text. */
function inBase64(value: string, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64')
  const digits = text.replace(/=+$/, '')
  const whole = (offset + value.length) % 3 === 0
  return digits.slice([0, 2, 3][offset], whole ? undefined : -1)
}

/** Looks for planted secrets in whatever it is shown. */
export class Search {
  readonly hits = new Set<string>()
  /** How much it has looked through, bytes. */
  seen = 0
  readonly #needles: { readonly name: string; readonly how: string; readonly bytes: Buffer }[] = []

  plant(...secrets: readonly Planted[]): void {
    for (const { name, value } of secrets) {
      for (const [how, text] of formsOf(value)) {
        this.#needles.push({ name, how, bytes: Buffer.from(text) })
      }
    }
  }

  /** @param allowed names of secrets that may be here */
  look(where: string, content: string | Buffer, allowed: readonly string[] = []): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    this.seen += bytes.length
    for (const needle of this.#needles) {
      if (allowed.includes(needle.name) || !bytes.includes(needle.bytes)) continue
      this.hits.add(`${needle.name} ${needle.how}, in ${where}`)
    }
  }
}
