import type { Changes, InForce, Reads, RowsOf, SessionState } from './contract.ts'

const BASE = '/admin/api/'

/** What the API answered in place of what was asked for; `code` is one of the catalogue's. */
export class ApiError extends Error {
  readonly code: string
  readonly hint: string | null
  /** HTTP status; 0 where no answer came. */
  readonly status: number

  constructor(code: string, message: string, hint: string | null, status: number) {
    super(message)
    this.code = code
    this.hint = hint
    this.status = status
  }
}

let sessionEnded: () => void = () => {}

/** Whom to tell when an answer says that there is no session. */
export function onSessionEnd(call: () => void): void {
  sessionEnded = call
}

interface ReadOptions {
  readonly signal?: AbortSignal
  /** The page reads by itself: that shows nobody at work, and must not keep the session. */
  readonly unasked?: boolean
}

export async function read<K extends keyof Reads>(
  operation: K,
  query: Reads[K]['in'],
  options?: ReadOptions,
): Promise<Reads[K]['out']> {
  return (await readRevised(operation, query, options)).data
}

/** What was read, and the revision that was in force just before it. */
export async function readRevised<K extends keyof Reads>(
  operation: K,
  query: Reads[K]['in'],
  { signal, unasked = false }: ReadOptions = {},
): Promise<{ readonly data: Reads[K]['out']; readonly revision: number }> {
  const answer = await ask(`${operation}${search(query)}`, {
    ...(signal ? { signal } : {}),
    ...(unasked ? { headers: { 'x-balance-unasked': '1' } } : {}),
  })
  const data = (await answer.json()) as Reads[K]['out']
  return { data, revision: Number(answer.headers.get('x-balance-revision')) }
}

/** Of an error after which the change is saved all the same. */
export const NOT_IN_FORCE = 'not_in_force'

/** @param revision that the page saw: with another in force, nothing is done (`stale_plan`) */
export async function change<K extends keyof Changes>(
  operation: K,
  input: Changes[K]['in'],
  revision?: number | null,
): Promise<Changes[K]['out'] & InForce> {
  const body = typeof revision === 'number' ? { ...input, revision } : input
  const answer = await post(operation, body)
  const done = (await answer.json()) as Changes[K]['out'] & InForce
  if (typeof done.error === 'string') throw new ApiError(NOT_IN_FORCE, done.error, null, 200)
  return done
}

/** Rows of an answer that is one JSON object a line, each as soon as it came. */
export async function* rows<K extends keyof RowsOf>(
  operation: K,
  input: RowsOf[K]['in'],
  signal: AbortSignal,
): AsyncGenerator<RowsOf[K]['row']> {
  const answer = await post(operation, input, signal)
  if (answer.headers.get('content-type')?.startsWith('application/json')) {
    yield* (await answer.json()) as RowsOf[K]['row'][]
    return
  }
  for await (const line of lines(answer)) {
    const row = JSON.parse(line) as RowsOf[K]['row'] & { error?: ErrorShape }
    if (row.error) throw errorOf(row.error, answer.status)
    yield row
  }
}

/** Says so to {@link onSessionEnd} where there is none. */
export async function readSession(): Promise<SessionState> {
  const state = (await (await ask('session', {})).json()) as SessionState
  if (!state.session) sessionEnded()
  return state
}

/** @throws ApiError `invalid_password`, or 429 with when to come back. */
export async function login(password: string): Promise<void> {
  await post('login', { password })
}

export async function logout(): Promise<void> {
  await post('logout', {})
}

/** `?a=1&b=2` of those that are given. */
export function search(query: object): string {
  const given = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]): [string, string] => [name, String(value)])
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

interface ErrorShape {
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

function post(operation: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return ask(operation, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-balance-admin': '1' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  })
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(`${BASE}${path}`, { credentials: 'same-origin', ...init }).catch(
    error => {
      if (init.signal?.aborted) throw error
      throw new ApiError('daemon_unreachable', 'The daemon does not answer.', null, 0)
    },
  )
  if (answer.ok) return answer
  const { error } = (await answer.json().catch(() => ({}))) as { error?: ErrorShape }
  if (answer.status === 401 && path !== 'login') sessionEnded()
  throw errorOf(error ?? {}, answer.status)
}

function errorOf({ code, message, hint }: ErrorShape, status: number): ApiError {
  return new ApiError(code ?? 'failed', message ?? `HTTP ${status}`, hint ?? null, status)
}

async function* lines(answer: Response): AsyncGenerator<string> {
  if (!answer.body) return
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const parts = (rest + part.value).split('\n')
    rest = parts.pop() ?? ''
    yield* parts.filter(line => line.trim() !== '')
  }
  if (rest.trim() !== '') yield rest
}
