import { type Answer, type Ask, jsonAnswer } from './answer.ts'
import { chat, completion } from './chat.ts'
import { embeddings } from './embeddings.ts'
import { responses } from './responses.ts'

/** Answers a request that is understood; null where the provider has no such model. */
export type Endpoint = (ask: Ask, models: readonly string[]) => Answer | null

const POSTS: Readonly<Record<string, Endpoint>> = {
  '/v1/chat/completions': chat,
  '/v1/completions': completion,
  '/v1/embeddings': embeddings,
  '/v1/responses': responses,
}

/** The endpoint at a path; null where there is none and the request is echoed. */
export function endpointOf(method: string, path: string): Endpoint | null {
  if (method === 'POST') return Object.hasOwn(POSTS, path) ? (POSTS[path] as Endpoint) : null
  if (method !== 'GET') return null
  if (path === '/v1/models') return listModels
  if (path.startsWith('/v1/models/')) return oneModel
  return null
}

/** https://platform.openai.com/docs/api-reference/models */
function listModels(_ask: Ask, models: readonly string[]): Answer {
  return jsonAnswer({ object: 'list', data: models.map(describe) })
}

function oneModel(ask: Ask, models: readonly string[]): Answer | null {
  return models.includes(ask.model) ? jsonAnswer(describe(ask.model)) : null
}

function describe(id: string) {
  return { id, object: 'model', created: 1_767_225_600, owned_by: 'mock' }
}
