import type { Usage } from '../model/usage.ts'

/** Any value that JSON can hold, looked into member by member. */
export type Json = unknown

/** A member of a JSON object; undefined where there is none, or where `value` is no object. */
export function member(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, Json>)[name]
}

/** The document, or undefined where the bytes are none. */
export function parseJson(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/**
 * Chat completions, completions, embeddings (`prompt_tokens`) and responses (`input_tokens`):
 * https://platform.openai.com/docs/api-reference. DeepSeek names cached tokens its own way.
 */
export function readOpenaiUsage(from: Json, into: Usage): void {
  const input = member(from, 'prompt_tokens_details') ?? member(from, 'input_tokens_details')
  const output = member(from, 'completion_tokens_details') ?? member(from, 'output_tokens_details')
  into.prompt = tokens(from, 'prompt_tokens') ?? tokens(from, 'input_tokens') ?? into.prompt
  into.cached =
    tokens(input, 'cached_tokens') ?? tokens(from, 'prompt_cache_hit_tokens') ?? into.cached
  into.completion =
    tokens(from, 'completion_tokens') ?? tokens(from, 'output_tokens') ?? into.completion
  into.reasoning = tokens(output, 'reasoning_tokens') ?? into.reasoning
}

/**
 * Messages: `input_tokens` leaves out what was written to and read from the cache
 * (https://docs.claude.com/en/docs/build-with-claude/prompt-caching). In a stream the prompt comes
 * with `message_start`, the completion's running total with `message_delta`.
 */
export function readAnthropicUsage(from: Json, into: Usage): void {
  const fresh = tokens(from, 'input_tokens')
  if (fresh !== null) {
    const written = tokens(from, 'cache_creation_input_tokens') ?? 0
    const read = tokens(from, 'cache_read_input_tokens')
    into.prompt = fresh + written + (read ?? 0)
    into.cached = read ?? into.cached
  }
  into.completion = tokens(from, 'output_tokens') ?? into.completion
}

/**
 * `usageMetadata`: `candidatesTokenCount` leaves out the thoughts
 * (https://ai.google.dev/api/generate-content#UsageMetadata).
 */
export function readGeminiUsage(from: Json, into: Usage): void {
  const prompt = tokens(from, 'promptTokenCount')
  const answer = tokens(from, 'candidatesTokenCount')
  const thoughts = tokens(from, 'thoughtsTokenCount')
  if (prompt !== null) into.prompt = prompt + (tokens(from, 'toolUsePromptTokenCount') ?? 0)
  if (answer !== null || thoughts !== null) into.completion = (answer ?? 0) + (thoughts ?? 0)
  into.cached = tokens(from, 'cachedContentTokenCount') ?? into.cached
  into.reasoning = thoughts ?? into.reasoning
}

function tokens(from: Json, name: string): number | null {
  const count = member(from, name)
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null
}
