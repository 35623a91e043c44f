import { parseBaseUrl } from '../provider-fields.ts'

/** Google's own API speaks another language than the original's clients; this part of it speaks theirs. */
const GEMINI = /^https:\/\/generativelanguage\.googleapis\.com(\/v1(beta)?)?$/
const GEMINI_FOR_OPENAI = 'https://generativelanguage.googleapis.com/v1beta/openai'

/**
 * A base URL of the original as it is kept here, and what was changed about it.
 * @throws BalanceError invalid_value
 */
export function originalUrl(given: string): { readonly url: string; readonly remark: string } {
  const bare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(given)
  const url = parseBaseUrl(bare ? `https://${given.replace(/^\/+/, '')}` : given)
  if (GEMINI.test(url)) return { url: GEMINI_FOR_OPENAI, remark: 'Gemini’s API for OpenAI clients' }
  return { url, remark: bare ? 'it had no scheme' : '' }
}
