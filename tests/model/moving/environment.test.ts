import { describe, expect, it } from 'vitest'
import { planEnvironment } from '../../../src/model/moving/environment.ts'
import { provider } from '../../support/catalog.ts'

const ONE = 'sk-planted-0000000000000001'
const TWO = 'sk-planted-0000000000000002'

function wanted(variables: Readonly<Record<string, string>>, reference = false) {
  const { belongings, lines } = planEnvironment(variables, [], reference)
  return {
    providers: Object.fromEntries(
      belongings.providers.map(({ name, keys }) => [name, keys.map(({ value }) => value.reveal())]),
    ),
    left: lines.filter(({ outcome }) => outcome !== 'imported').map(({ setting }) => setting),
  }
}

describe('keys in the environment', () => {
  it('are those of every vendor whose address is known', () => {
    const vendors = 'openai anthropic gemini deepseek openrouter groq mistral xai together'
    const names = vendors.split(' ')
    const variables = Object.fromEntries(names.map(name => [`${name.toUpperCase()}_API_KEY`, ONE]))
    expect(Object.keys(wanted(variables).providers)).toEqual(names)
  })

  it('come in lists and in numbered variables, each once', () => {
    expect(
      wanted({
        OPENAI_API_KEY: `${ONE}, ${TWO}`,
        OPENAI_API_KEY_10: 'sk-planted-ten',
        OPENAI_API_KEY_2: 'sk-planted-two',
        OPENAI_API_KEY_1: ONE,
        OPENAI_API_KEY_FILE: '/x',
        GEMINI_API_KEY: 'AIza-planted',
        GOOGLE_API_KEY: 'AIza-planted',
        GROQ_API_KEY: '  ',
        VLLM_API_KEY: 'x',
      }),
    ).toEqual({
      providers: {
        openai: [ONE, TWO, 'sk-planted-two', 'sk-planted-ten'],
        gemini: ['AIza-planted'],
      },
      left: [],
    })
  })

  it('may be kept as references, except lists', () => {
    expect(wanted({ OPENAI_API_KEY: `${ONE},${TWO}`, OPENAI_API_KEY_1: ONE }, true)).toEqual({
      providers: { openai: ['env:OPENAI_API_KEY_1'] },
      left: ['OPENAI_API_KEY'],
    })
  })

  it.each([
    ['a token of ours', { OPENAI_API_KEY: 'bal_planted' }],
    ['an example', { OPENAI_API_KEY: 'your_api_key' }],
    [
      'a key for another address',
      { OPENAI_API_KEY: ONE, OPENAI_BASE_URL: 'http://127.0.0.1:8077/v1' },
    ],
  ])('are left alone: %s', (_, variables) => {
    expect(wanted(variables)).toEqual({ providers: {}, left: ['OPENAI_API_KEY'] })
  })

  it('go to no provider of that name at another address', () => {
    const here = provider('openai', 'https://proxy.example/v1')
    const { belongings, lines } = planEnvironment({ OPENAI_API_KEY: ONE }, [here], false)
    expect(belongings.providers).toEqual([])
    expect(lines[0]?.remark).toContain('https://proxy.example/v1')
  })
})
