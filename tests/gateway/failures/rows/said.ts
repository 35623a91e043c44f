import type { ProviderKind } from '../../../../src/model/catalog.ts'
import type { Speech } from '../speech.ts'
import { KEY } from '../upstream.ts'

/** How the vendor of one API tells an error, and what of it names the error. */
export interface Said {
  readonly code: string
  readonly body: string
}

/** The same error as each API tells it; where one has no word for it, the row is not of that API. */
export type Words = Partial<Record<ProviderKind, Said>>

/** An upstream may echo the key that it was asked with. */
const MESSAGE = `No, not with ${KEY}.`

export function openai(code: string | number | null, type: string | null = null): Said {
  const error = { message: MESSAGE, type, param: null, code }
  const word = typeof code === 'string' ? code : (type ?? String(code))
  return { code: word, body: JSON.stringify({ error }) }
}

export function anthropic(type: string): Said {
  return { code: type, body: JSON.stringify({ type: 'error', error: { type, message: MESSAGE } }) }
}

export function gemini(code: number, status: string, details: readonly object[] = []): Said {
  const reason = details.map(detail => ('reason' in detail ? String(detail.reason) : '')).join('')
  const error = { code, message: MESSAGE, status, details }
  return { code: reason || status, body: JSON.stringify({ error }) }
}

export function reason(name: string) {
  return {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: name,
    domain: 'googleapis.com',
  }
}

export const RETRY_INFO = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37s' }

export function violation(quotaId: string) {
  return { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] }
}

/** A web page where JSON is due. */
export const PAGE: Said = { code: '', body: `<!doctype html><title>Bad gateway</title>${KEY}` }

export function saidBy(words: Words | Said, { kind }: Speech): Said {
  if ('body' in words) return words
  const said = words[kind]
  if (said === undefined) throw new Error(`The row has no words for ${kind}.`)
  return said
}

export function dialectsOf(words: Words | Said) {
  const all = [
    ['chat', 'openai'],
    ['responses', 'openai'],
    ['messages', 'anthropic'],
    ['gemini', 'gemini'],
  ] as const
  return all.filter(([, kind]) => 'body' in words || kind in words).map(([name]) => name)
}
