import { readFileSync } from 'node:fs'

export const METRICS_FILE = new URL('../../docs/metrics.md', import.meta.url)

export const document = () => readFileSync(METRICS_FILE, 'utf8')

/** A marked part of the document: what is before, in and after it. */
export function section(name: string): RegExp {
  return new RegExp(`(<!-- ${name} -->\n)([^]*?)\n?(<!-- /${name} -->)`)
}

/** A part that is a file of Prometheus'. */
export function yaml(name: string): string {
  return (
    section(name)
      .exec(document())?.[2]
      ?.replace(/^```yaml\n|\n```$/g, '') ?? ''
  )
}
