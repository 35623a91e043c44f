import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import { CUTS, type Cut, CuttingUpstream, nameOf } from '../support/cutting-upstream.ts'
import { startGateway, type TestGateway, TOKEN } from '../support/gateway.ts'
import {
  CHAT_RECORDING,
  MESSAGES_RECORDING,
  RESPONSES_RECORDING,
  type Recording,
} from '../support/recordings.ts'

const STEP = 3
const options = { apiKey: TOKEN, maxRetries: 0, logLevel: 'off' } as const
const messages = [{ role: 'user' as const, content: 'Hi' }]

/** The ways in which official clients hand out a stream; `at` is a provider's place. */
const CLIENTS: readonly {
  readonly name: string
  readonly recording: Recording
  readonly open: (at: string) => Promise<AsyncIterable<unknown>>
}[] = [
  {
    name: 'openai, chat',
    recording: CHAT_RECORDING,
    open: at =>
      openai(at).chat.completions.create({
        model: 'm',
        messages,
        stream: true,
        stream_options: { include_usage: true },
      }),
  },
  {
    name: 'openai, responses',
    recording: RESPONSES_RECORDING,
    open: at => openai(at).responses.create({ model: 'm', input: 'Hi', stream: true }),
  },
  {
    name: 'Anthropic, messages',
    recording: MESSAGES_RECORDING,
    open: at => anthropic(at).messages.create({ ...question(), stream: true }),
  },
  {
    name: 'Anthropic, a message put together',
    recording: MESSAGES_RECORDING,
    open: async at => anthropic(at).messages.stream(question()),
  },
]

function openai(at: string): OpenAI {
  return new OpenAI({ ...options, baseURL: `${at}/v1` })
}

function anthropic(at: string): Anthropic {
  return new Anthropic({ ...options, baseURL: at })
}

function question() {
  return { model: 'm', max_tokens: 64, messages }
}

let upstream: CuttingUpstream
let gateway: TestGateway

afterEach(async () => {
  await gateway.close()
  await upstream.close()
})

/** Puts up one provider for each cut. */
async function start(recording: Recording, how: Cut, lengths: readonly number[]): Promise<void> {
  upstream = await CuttingUpstream.start(recording)
  const cuts = lengths.map(length => upstream.cutting(how, length))
  gateway = await startGateway({
    providers: cuts.map(each => each.provider),
    keys: cuts.flatMap(each => each.keys),
  })
}

describe.each(CLIENTS)('the official client: $name', ({ recording, open }) => {
  it.each(CUTS)('raises wherever a stream is cut after it began (%s)', async how => {
    const lengths: number[] = []
    for (let at = recording.meaningful; at < recording.lastWord; at += STEP) lengths.push(at)
    const whole = recording.bytes.length
    await start(recording, how, [...lengths, whole])
    const all = await read(await open(`${gateway.url}/${nameOf(how, whole)}`))
    expect(all.raised).toBeNull()
    for (const length of lengths) {
      const { items, raised } = await read(await open(`${gateway.url}/${nameOf(how, length)}`))
      expect(raised, `${length}`).toBeInstanceOf(Error)
      expect(items).toEqual(all.items.slice(0, items.length))
    }
    expect(upstream.came).toBe(lengths.length + 1)
  })
})

async function read(
  stream: AsyncIterable<unknown>,
): Promise<{ items: unknown[]; raised: unknown }> {
  const items: unknown[] = []
  try {
    // One client goes on putting the message together in what it handed out before.
    for await (const item of stream) items.push(structuredClone(item))
  } catch (error) {
    return { items, raised: error }
  }
  return { items, raised: null }
}
