import type { Ask } from './answer.ts'
import type { MockRequest } from './request.ts'
import { tokensOf } from './text.ts'

interface Circumstances {
  /** Different for each request. */
  readonly sequence: number
  /** Wall time, ms. */
  readonly wall: number
  /** How many tokens the model has to say. */
  readonly tokens: number
}

/** Understands a request; null where it should have a JSON object and has none. */
export function askOf(request: MockRequest, circumstances: Circumstances): Ask | null {
  const body = request.method === 'POST' ? objectIn(request.body) : {}
  if (body === null) return null
  const limit = limitIn(body)
  const { sequence, wall, tokens } = circumstances
  return {
    request,
    body,
    model: typeof body.model === 'string' ? body.model : modelIn(request.url),
    id: `mock${sequence.toString(36).padStart(20, '0')}`,
    created: Math.floor(wall / 1_000),
    promptTokens: tokensOf(request.bytes),
    completionTokens: Math.min(limit, tokens),
    limited: limit < tokens,
  }
}

function objectIn(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

function limitIn(body: Readonly<Record<string, unknown>>): number {
  const limit = body.max_completion_tokens ?? body.max_output_tokens ?? body.max_tokens
  return Number.isInteger(limit) && Number(limit) > 0 ? Number(limit) : Number.POSITIVE_INFINITY
}

/** `/v1/models/org%2Fname` → `org/name`. */
function modelIn(url: string): string {
  const [, name = ''] = /^\/v1\/models\/([^?]*)/.exec(url) ?? []
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
