/** Longest value and label that the store takes, in characters. */
const LONGEST_KEY = 4_096
const LONGEST_LABEL = 64
/** Below this length a masked value shows nothing of itself. */
const SHORT = 16

export type PasteFault = 'reference' | 'characters' | 'long' | 'label' | 'duplicate'

/** A pasted line that is not blank and no `#` comment. */
export interface PastedKey {
  /** From 1. */
  readonly line: number
  readonly masked: string
  readonly label: string
  /** Why it will not be added; a duplicate is passed over, all else refuses the paste. */
  readonly fault: PasteFault | null
}

/** What a paste of `VALUE [LABEL]` lines holds. */
export function parsePastedKeys(text: string): PastedKey[] {
  const seen = new Set<string>()
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
    .map(({ line, text }) => {
      const [value, label] = cut(text)
      const fault = seen.has(value) ? 'duplicate' : faultOf(value, label)
      seen.add(value)
      return { line, masked: masked(value), label, fault }
    })
}

/** Value and label: the value ends at the first blank, and one pair of quotes is taken off it. */
function cut(text: string): [string, string] {
  const quoted = /^(["'])(.*?)\1(?=\s|$)(.*)$/s.exec(text)
  if (quoted) return [(quoted[2] ?? '').trim(), (quoted[3] ?? '').trim()]
  const at = text.search(/\s/)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at).trim()]
}

function faultOf(value: string, label: string): PasteFault | null {
  if (/^(env|file):/.test(value)) return 'reference'
  if (!/^[\x21-\x7e]+$/.test(value)) return 'characters'
  if (value.length > LONGEST_KEY) return 'long'
  if ([...label].length > LONGEST_LABEL || /\p{C}/u.test(label)) return 'label'
  return null
}

/** `sk-…f3a9`, as the gateway shows it. */
function masked(secret: string): string {
  if (secret.length < SHORT) return '…'
  const dash = secret.indexOf('-')
  const prefix = dash > 0 && dash <= 4 ? secret.slice(0, dash + 1) : ''
  return `${prefix}…${secret.slice(-4)}`
}
