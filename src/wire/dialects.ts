import type { Dialect, DialectName } from '../model/dialect.ts'
import { anthropic } from './anthropic.ts'
import type { Endpoint } from './endpoint.ts'
import { gemini } from './gemini.ts'
import { openai, responses } from './openai.ts'

const DIALECTS: Readonly<Record<DialectName, Dialect>> = { openai, anthropic, gemini }

export function dialectNamed(name: DialectName): Dialect {
  return DIALECTS[name]
}

/** How this endpoint's answers are read and its errors told: its dialect, or a variant of it. */
export function dialectOf(endpoint: Endpoint): Dialect {
  return endpoint.name === 'responses' ? responses : DIALECTS[endpoint.dialect]
}
