import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CLIENTS } from '../../src/cli/clients.ts'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import { hasJava } from '../support/java.ts'
import { read } from './markdown.ts'
import { runnable, type Snippet } from './snippets.ts'

const TOP = fileURLToPath(new URL('../../', import.meta.url))
const SAID = 'Olá 👋🏽'

let mock: Mock
let gateway: TestGateway
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bal-snippets-'))
  mock = await startMock({
    respond: ({ url, body }, response) => {
      const events = answerOf(url, body.toString())
      const streams = Array.isArray(events)
      response.writeHead(200, {
        'content-type': streams ? 'text/event-stream' : 'application/json',
      })
      response.end(streams ? events.join('') : JSON.stringify(events))
      return true
    },
  })
  const at = `http://127.0.0.1:${mock.port}`
  gateway = await startGateway({
    settings: { default_provider: 'openai' },
    providers: [
      provider('openai', `${at}/v1`),
      provider('anthropic', at, { kind: 'anthropic' }),
      provider('gemini', at, { kind: 'gemini' }),
      provider('azure', at, { kind: 'azure' }),
    ],
    keys: ['openai', 'anthropic', 'gemini', 'azure'].map(name => key(name, { provider: name })),
  })
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await gateway.close()
  await mock.close()
})

/** What the vendor of the path says: a document, or events. */
function answerOf(url: string, body: string): object | string[] {
  const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`
  if (url === '/v1/messages') {
    const content = [{ type: 'text', text: SAID }]
    return { id: 'm', type: 'message', role: 'assistant', content, usage: {} }
  }
  if (url.startsWith('/v1beta/')) {
    const candidates = [{ content: { parts: [{ text: SAID }] }, finishReason: 'STOP' }]
    return [event({ candidates })]
  }
  const choice = { index: 0, finish_reason: 'stop' }
  if (!JSON.parse(body).stream) {
    return { choices: [{ ...choice, message: { role: 'assistant', content: SAID } }] }
  }
  return [event({ choices: [{ ...choice, delta: { content: SAID } }] }), 'data: [DONE]\n\n']
}

/** How each language is run: a command that takes the program from stdin, or from a file. */
const RUNNERS: Readonly<Record<string, (code: string) => readonly string[]>> = {
  js: () => [process.execPath, '--input-type=module', '-'],
  python: () => ['python3', '-'],
  bash: () => ['bash', '-eu', '-s'],
  java: code => {
    const file = join(folder, 'Hello.java')
    writeFileSync(file, code)
    return ['java', file]
  },
}

async function run({ client, language, code }: Snippet): Promise<{ status: number; said: string }> {
  const [command = '', ...words] = RUNNERS[language]?.(code) ?? []
  const { variables } = CLIENTS[client].setup(gateway.url, TOKEN)
  const child = spawn(command, words, {
    cwd: TOP,
    env: { PATH: process.env.PATH ?? '', HOME: folder, LC_ALL: 'C.UTF-8', ...variables },
  })
  let said = ''
  child.stdout.on('data', chunk => {
    said += chunk
  })
  child.stderr.on('data', chunk => {
    said += chunk
  })
  child.stdin.on('error', () => {})
  child.stdin.end(code)
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve(code ?? -1))
  })
  return { status, said }
}

const SNIPPETS = runnable(read('docs/clients.md')).filter(
  ({ language }) => language !== 'java' || hasJava,
)

describe('the programs of docs/clients.md', () => {
  it.each(
    SNIPPETS.map(
      (snippet, i) => [`${i + 1}: ${snippet.client}, ${snippet.language}`, snippet] as const,
    ),
  )('%s is answered', async (_, snippet) => {
    const before = mock.requests.length
    const { status, said } = await run(snippet)
    expect([status, said]).toEqual([0, expect.stringContaining(SAID)])
    expect(mock.requests.length).toBe(before + 1)
    expect(mock.requests.at(-1)?.key).toBe(`sk-${snippet.client}-0123456789abcdef`)
  })
})
