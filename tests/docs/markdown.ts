import { readdirSync, readFileSync } from 'node:fs'

const TOP = new URL('../../', import.meta.url)

/** The READMEs and what is in docs/, as paths from the top. */
export const DOCUMENTS = [
  'README.md',
  'README.zh-CN.md',
  ...readdirSync(new URL('docs/', TOP))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

export function read(path: string): string {
  return readFileSync(new URL(path, TOP), 'utf8')
}

/** The contents of fenced blocks of a language. */
export function codeBlocks(text: string, language = 'sh'): string[] {
  const fence = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm')
  return [...text.matchAll(fence)].map(([, code = '']) => code)
}

/** Everything outside of fenced blocks. */
export function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

export interface Heading {
  readonly level: number
  readonly title: string
}

export function headings(text: string): Heading[] {
  return [...prose(text).matchAll(/^(#+) (.*)$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    title,
  }))
}

/** Targets of links and sources of pictures, as they are written. */
export function links(text: string): string[] {
  const plain = prose(text).replace(/`[^`\n]*`/g, '')
  return [...plain.matchAll(/(?:\]\(|src(?:set)?=")([^)\s"]+)[)"]/g)].map(
    ([, target = '']) => target,
  )
}

/** What GitHub makes of a heading for `#…`. */
export function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}
