import type { FailedRow } from '../row.ts'
import { answers } from '../steps.ts'
import { dialectsOf, type Said, saidBy, type Words } from './said.ts'

/** A row of an answer with this status, told as each API tells it; the provider's fault unless said. */
export function refusal(
  code: number,
  meaning: string,
  words: Words | Said,
  headers: Readonly<Record<string, string>> = {},
): Omit<FailedRow, 'way'> {
  return {
    id: String(code),
    upstream: `${code}: ${meaning}`,
    dialects: dialectsOf(words),
    script: speech => {
      const { body } = saidBy(words, speech)
      return answers(code, body.startsWith('<') ? 'text/html' : 'application/json', body, headers)
    },
    fault: 'provider',
    status: code,
    code: speech => saidBy(words, speech).code || `http_${code}`,
    answer: 'relayed',
    body: speech => saidBy(words, speech).body,
  }
}
