import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noUsage } from '../../src/model/usage.ts'
import { anthropic } from '../../src/wire/anthropic.ts'
import { gemini } from '../../src/wire/gemini.ts'
import { openai } from '../../src/wire/openai.ts'
import { cut, cuts, singleBytes } from './chunks.ts'

const CHAT = JSON.stringify({
  id: 'chatcmpl-1',
  error: null,
  choices: [
    { message: { content: '"usage":{"prompt_tokens":1}', tool: { usage: { prompt_tokens: 2 } } } },
  ],
  usage: { prompt_tokens: 11, completion_tokens: 22, prompt_cache_hit_tokens: 3 },
})

function tapped(text: string, dialect = openai) {
  const tap = dialect.jsonTap()
  for (const chunk of singleBytes(Buffer.from(text))) tap.push(chunk)
  tap.end()
  return tap
}

describe('a JSON tap', () => {
  it("reads the answer's own usage and sees that it is complete, however the bytes are cut", () => {
    fc.assert(
      fc.property(cuts, at => {
        const tap = openai.jsonTap()
        for (const chunk of cut(Buffer.from(`${CHAT}\n`), at)) tap.push(chunk)
        expect(tap).toMatchObject({
          meaningful: true,
          terminated: true,
          failure: null,
          usage: { prompt: 11, cached: 3, completion: 22, reasoning: null },
        })
      }),
    )
  })

  it('takes no cut answer for a complete one', () => {
    for (let length = 0; length < CHAT.length; length++) {
      expect(tapped(CHAT.slice(0, length))).toMatchObject({ terminated: false, meaningful: false })
    }
  })

  it('reads Anthropic and Gemini answers, and a Gemini stream without events', () => {
    const message =
      '{"content":[{"input":{"usage":{"input_tokens":1}}}],"usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":3}}'
    expect(tapped(message, anthropic).usage).toEqual({
      prompt: 7,
      cached: 2,
      completion: 3,
      reasoning: null,
    })
    const counts = (n: number) =>
      `{"candidates":[],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":${n}}}`
    expect(tapped(counts(1), gemini).usage).toMatchObject({ prompt: 4, completion: 1 })
    expect(tapped(`[${counts(1)},\r\n${counts(6)}]`, gemini)).toMatchObject({
      terminated: true,
      usage: { prompt: 4, completion: 6 },
    })
  })

  it('is content with an answer that has no usage', () => {
    expect(tapped('{"object":"list","data":[]}').usage).toEqual(noUsage())
    expect(tapped('{"usage":null}').usage).toEqual(noUsage())
    expect(tapped('[[0.1],[0.2]]')).toMatchObject({ terminated: true, usage: noUsage() })
  })

  it.each([
    ['{"error":{"message":"m","code":429}}', 'rate'],
    ['{"error":{"message":"m","code":"insufficient_quota"}}', 'quota'],
    ['{"error":{"message":"m","type":"invalid_request_error"}}', 'client'],
    ['{"error":"it broke"}', 'provider'],
    [
      '{"object":"response","status":"failed","error":{"code":"server_error","message":"m"}}',
      'provider',
    ],
  ])('sees a failure in %s', (text, fault) => {
    const tap = tapped(text)
    expect(tap).toMatchObject({ meaningful: false, terminated: true, failure: { fault } })
    expect(tap.failure?.code).not.toBeNull()
  })

  it.each([
    '{"error":null}',
    '{"error":{"code":null,"message":null}}',
    '{"error":{}}',
    '{"x":{"error":"e"}}',
  ])('sees none in %s', text => expect(tapped(text).failure).toBeNull())
})
