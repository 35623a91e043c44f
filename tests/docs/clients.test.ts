import { describe, expect, it } from 'vitest'
import { CLIENT_NAMES, CLIENTS, shellLines } from '../../src/cli/clients.ts'
import { Generated } from './generated.ts'
import { runnable } from './snippets.ts'

const document = new Generated('clients.md')

describe('docs/clients.md', () => {
  it.each(CLIENT_NAMES)('tells %s what balance env tells it', name => {
    const setup = CLIENTS[name].setup('http://127.0.0.1:8077', 'your-client-token')
    const made = ['```sh', ...shellLines(setup, 'bash'), '```'].join('\n')
    expect(document.part(`env: ${name}`, made), 'npm run report:docs').toBe(made)
  })

  it('has programs that are run for every API, and in every language that can be run here', () => {
    const programs = runnable(document.text)
    expect(new Set(programs.map(({ client }) => client))).toEqual(
      new Set(['openai', 'anthropic', 'gemini', 'azure']),
    )
    expect(new Set(programs.map(({ language }) => language))).toEqual(
      new Set(['js', 'python', 'java', 'bash']),
    )
    // Whatever is not in Python is run.
    const fences = document.text.match(/^```(?:js|java|bash)$/gm) ?? []
    expect(programs.filter(({ language }) => language !== 'python')).toHaveLength(fences.length)
  })
})
