import type { Provider } from '../model/catalog.ts'
import { CLIENTS, type ClientName, shellLines, UNKNOWN_TOKEN } from './clients.ts'
import type { Output } from './output.ts'
import { quoted } from './shell-words.ts'

/** What is known of a gateway that was just furnished. */
interface Furnished {
  readonly url: string
  readonly providers: readonly Provider[]
  /** In the clear, if it is to be shown. */
  readonly token: string | null
  /** That the token was written to. */
  readonly file: string | null
}

/** Clients worth a line at the first run, where a provider speaks their API. */
const SHOWN: readonly ClientName[] = ['openai', 'claude-code', 'gemini']

/** What `init` ends with: lines to paste into a shell, so that clients call this gateway. */
export function firstLines(
  { paint, invocation }: Output,
  { url, providers, token, file }: Furnished,
): string {
  const kinds = new Set(providers.filter(({ enabled }) => enabled).map(({ kind }) => kind))
  const blocks = SHOWN.filter(name => kinds.has(CLIENTS[name].speaks)).map(name => {
    const lines = file
      ? [`eval "$(${invocation} env --client ${name} --token-file ${quoted(file)})"`]
      : shellLines(CLIENTS[name].setup(url, token ?? UNKNOWN_TOKEN), 'bash')
    return [paint.dim(`# ${CLIENTS[name].title}`), ...lines].join('\n')
  })
  if (blocks.length === 0) return token ?? ''
  const once = token === null ? [] : [paint.dim('# The token is shown this once.')]
  return ['', ...once, ...blocks, paint.dim(`# Others: ${invocation} env --help`)].join('\n')
}
