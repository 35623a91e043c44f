import { afterEach, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { key, provider } from '../support/catalog.ts'
import { ask, startGateway, type TestGateway } from '../support/gateway.ts'

const path = '/v1beta/models/gemini-m:streamGenerateContent'
const body = '{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}'

function said(text: string, rest: object = {}): string {
  return JSON.stringify({
    candidates: [{ content: { parts: [{ text }], role: 'model' }, ...rest }],
  })
}

const FIRST = said('Olá')
const USAGE = { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 }
const LAST = JSON.stringify({
  ...JSON.parse(said(' 👋🏽', { finishReason: 'STOP' })),
  usageMetadata: USAGE,
})
const ERROR = '{"error":{"code":503,"message":"No.","status":"UNAVAILABLE"}}'

let mock: Mock
let gateway: TestGateway

afterEach(async () => {
  await gateway.close()
  await mock.close()
})

/** A vendor whose keys answer with these pieces; of several keys the first in turn has the first answer. */
async function start(...answers: { readonly pieces: readonly string[]; readonly ends: boolean }[]) {
  let turn = 0
  mock = await startMock({
    respond: (_, response) => {
      const { pieces, ends } = answers[Math.min(turn++, answers.length - 1)] ?? {
        pieces: [],
        ends: true,
      }
      response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' })
      for (const piece of pieces) response.write(piece)
      if (ends) response.end()
      else setImmediate(() => response.destroy())
      return true
    },
  })
  gateway = await startGateway({
    providers: [provider('google', `http://127.0.0.1:${mock.port}`, { kind: 'gemini' })],
    keys: ['a', 'b'].map(id => key(id, { provider: 'google' })),
  })
}

const record = async () => {
  await gateway.gateway.flush()
  return gateway.records.at(-1)
}

describe('a Gemini stream without alt=sse', () => {
  it('is relayed byte for byte, and what it cost is written down', async () => {
    const pieces = [`[${FIRST}`, '\n,\n', LAST, '\n]\n']
    await start({ pieces, ends: true })
    const answer = await ask(gateway.port, { path, body })
    expect([answer.text, answer.cut]).toEqual([pieces.join(''), false])
    expect(await record()).toMatchObject({
      outcome: 'ok',
      stream: true,
      model: 'gemini-m',
      promptTokens: 4,
      completionTokens: 2,
    })
  })

  it('comes as it is said, not once it is complete', async () => {
    await start({ pieces: [`[${FIRST}`], ends: true })
    const answer = await ask(gateway.port, { path, body })
    // The first element was relayed: no other key was asked when the rest did not come.
    expect(mock.requests).toHaveLength(1)
    expect(answer.cut).toBe(true)
    expect(answer.text.startsWith(`[${FIRST}`)).toBe(true)
  })

  it('that breaks off is told of by an element, and by the connection', async () => {
    await start({ pieces: [`[${FIRST}`], ends: false })
    const answer = await ask(gateway.port, { path, body })
    expect(answer.cut).toBe(true)
    const [, last] = JSON.parse(answer.text)
    expect(last.error).toMatchObject({ code: 502, status: 'UNAVAILABLE' })
    expect(await record()).toMatchObject({ errorCode: 'upstream_stream_interrupted' })
  })

  it('is none where events were asked for: half an answer is given up for another key’s', async () => {
    const whole = `[${FIRST},${LAST}]`
    await start({ pieces: [`[${FIRST},`], ends: true }, { pieces: [whole], ends: true })
    const answer = await ask(gateway.port, { path: `${path}?alt=sse`, body })
    expect([answer.status, answer.text]).toEqual([200, whole])
    expect(mock.requests).toHaveLength(2)
  })

  it('that breaks off inside an element is none that could be read', async () => {
    await start({ pieces: [`[${FIRST},`, LAST.slice(0, 40)], ends: false })
    const answer = await ask(gateway.port, { path, body })
    expect(answer.cut).toBe(true)
    expect(() => JSON.parse(answer.text)).toThrow(SyntaxError)
  })

  it('whose first word is an error fails over', async () => {
    await start(
      { pieces: [`[${ERROR}]`], ends: true },
      { pieces: [`[${FIRST},${LAST}]`], ends: true },
    )
    const answer = await ask(gateway.port, { path, body })
    expect([answer.status, answer.text]).toEqual([200, `[${FIRST},${LAST}]`])
    expect(mock.requests).toHaveLength(2)
  })
})
