import { CLIENTS, type ClientName } from '../../src/cli/clients.ts'

/** A program of a document, and which client's variables it is run with. */
export interface Snippet {
  readonly client: ClientName
  readonly language: string
  readonly code: string
}

/** The fenced blocks that a mark says are run: `<!-- runs: CLIENT -->`. */
export function runnable(text: string): Snippet[] {
  const marked = /^<!-- runs: (\S+) -->\n```(\w+)\n([\s\S]*?)^```$/gm
  return [...text.matchAll(marked)].map(([, client = '', language = '', code = '']) => {
    if (!Object.hasOwn(CLIENTS, client)) throw new Error(`There is no client ${client}.`)
    return { client: client as ClientName, language, code }
  })
}
