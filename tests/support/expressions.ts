import { parseSync } from 'vite'

export interface Expressions {
  readonly literals: readonly RegExp[]
  /** Calls of `RegExp`, with `new` or without. */
  readonly made: number
}

/** The regular expressions of a file in TypeScript. */
export function expressionsOf(file: string, text: string): Expressions {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  const literals: RegExp[] = []
  let made = 0
  const walk = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return
    const { type, regex, callee } = node as Readonly<Record<string, unknown>>
    if (type === 'Literal' && regex !== undefined) {
      const { pattern, flags } = regex as { readonly pattern: string; readonly flags: string }
      literals.push(new RegExp(pattern, flags))
    }
    if ((callee as { readonly name?: unknown } | undefined)?.name === 'RegExp') made++
    for (const child of Object.values(node)) walk(child)
  }
  walk(program)
  return { literals, made }
}
