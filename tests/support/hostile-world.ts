import type { ServerResponse } from 'node:http'
import { Secret } from '../../src/base/secret.ts'
import { printable } from '../../src/base/text.ts'
import type { MockRequest } from '../../src/mock/server.ts'
import { isRouteModel, isTargetModel } from '../../src/model/route-fields.ts'
import { SETTINGS } from '../../src/model/settings.ts'
import type { Store } from '../../src/model/store.ts'
import type { Daemon } from './daemon.ts'
import { chat } from './gateway.ts'
import { PAYLOADS } from './payloads.ts'

/** What an upstream answers to the first attempt, in turns; to the next one it answers well. */
const REFUSALS = [401, 402, 403, 404, 429, 400]
/** Refused again and again, so that their breakers open. */
const BROKEN = PAYLOADS.slice(0, 4)

/** Payloads wherever an operator may have pasted one: labels, names, globs, models. */
export async function plantInStore(store: Store): Promise<void> {
  await store.setSetting('max_failures', 1)
  await store.addKeys(
    'mock',
    PAYLOADS.map((payload, at) => ({
      value: new Secret(`sk-hostile-${String(at).padStart(2, '0')}-0123456789abcdef`),
      ...(isLabel(payload) ? { label: payload } : {}),
    })),
  )
  for (const payload of PAYLOADS.filter(isLabel)) {
    const models = isRouteModel(payload) ? [payload] : null
    await store.createToken({ name: payload, models })
  }
  for (const payload of PAYLOADS.filter(isRouteModel)) {
    const model = isTargetModel(payload) ? payload : null
    await store.addTargets(payload, [{ provider: 'mock', model }])
  }
  const { schema } = SETTINGS.models
  const overrides = { models: PAYLOADS.filter(payload => schema.safeParse([payload]).success) }
  const baseUrl = 'https://other.example/v1'
  await store.addProvider(
    { name: 'other', kind: 'openai', baseUrl, path: null, overrides },
    { makeDefault: false },
  )
}

function isLabel(payload: string): boolean {
  return [...payload].length <= 64 && payload.trim() === payload && printable(payload) === payload
}

/** An upstream that says payloads only: in errors, in answers, and as the names of its models. */
export function hostileUpstream(): (request: MockRequest, response: ServerResponse) => boolean {
  const seen = new Set<string>()
  return ({ url, body }, response) => {
    const models = PAYLOADS.map(id => ({ id, object: 'model' }))
    if (url === '/v1/models') return say(response, 200, JSON.stringify({ data: models }))
    const model = modelIn(body)
    const at = PAYLOADS.indexOf(model)
    if (at === -1) return false
    if (seen.has(model) && !BROKEN.includes(model)) {
      const choices = [{ index: 0, message: { role: 'assistant', content: model } }]
      return say(response, 200, JSON.stringify({ id: model, object: model, model, choices }))
    }
    seen.add(model)
    const status = BROKEN.includes(model) ? 500 : (REFUSALS[at % REFUSALS.length] ?? 400)
    const error = { message: model, type: model, code: model, param: model }
    return say(response, status, at % 4 < 2 ? JSON.stringify({ error }) : model)
  }
}

function say(response: ServerResponse, status: number, text: string): true {
  const type = text.startsWith('{"') ? 'application/json' : 'text/html'
  const rest = status === 429 ? { 'retry-after': '600' } : {}
  response.writeHead(status, { 'content-type': type, ...rest }).end(text)
  return true
}

function modelIn(body: Buffer): string {
  try {
    return String((JSON.parse(body.toString()) as { model?: unknown }).model)
  } catch {
    return ''
  }
}

/** What strangers and clients send: payloads as models, paths, and in headers that others write down. */
export async function plantInTraffic(daemon: Daemon, token: string): Promise<void> {
  for (const payload of PAYLOADS) {
    const name = payload.replace(/[^\x20-\x7e]/g, '')
    const headers = { 'user-agent': name, 'x-request-id': name, 'x-forwarded-for': name }
    const path = `/v1/${payload.replace(/[^\x21-\x7e]/g, encodeURIComponent)}`
    await daemon.ask(null, { path, headers })
    const times = BROKEN.includes(payload) ? 3 : 2
    for (let time = 0; time < times; time++) {
      await daemon.ask(token, { headers, body: chat({ model: payload }) })
    }
  }
}
