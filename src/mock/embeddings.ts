import { type Answer, type Ask, jsonAnswer } from './answer.ts'
import { random, seedOf } from './random.ts'

const DIMENSIONS = 64
const MOST = 4_096

/**
 * `POST /v1/embeddings`: the same vector, of length 1, for the same input; as numbers, or as
 * base64 of little-endian floats. https://platform.openai.com/docs/api-reference/embeddings
 */
export function embeddings(ask: Ask): Answer {
  const { dimensions, encoding_format: format } = ask.body
  const size = Number.isInteger(dimensions)
    ? Math.min(Math.max(Number(dimensions), 1), MOST)
    : DIMENSIONS
  return jsonAnswer({
    object: 'list',
    data: inputs(ask.body.input).map((text, index) => {
      const numbers = vector(text, size)
      const embedding = format === 'base64' ? base64(numbers) : [...numbers]
      return { object: 'embedding', index, embedding }
    }),
    model: ask.model,
    usage: { prompt_tokens: ask.promptTokens, total_tokens: ask.promptTokens },
  })
}

/** One text, several texts, one list of token numbers, or several of them. */
function inputs(input: unknown): string[] {
  if (!Array.isArray(input)) return [String(input)]
  return typeof input[0] === 'number' ? [input.join(' ')] : input.map(String)
}

function vector(text: string, size: number): Float32Array {
  const next = random(seedOf(text))
  const numbers = Float32Array.from({ length: size }, () => next() * 2 - 1)
  const length = Math.hypot(...numbers)
  return numbers.map(number => number / length)
}

function base64(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64')
}
