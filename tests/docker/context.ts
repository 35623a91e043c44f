import { execFileSync } from 'node:child_process'
import { cpSync, lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Copies what a build in a clean checkout is given: the files that git knows or would take, as they are
 * here, without those that .dockerignore leaves out.
 */
export function copyContext(checkout: string, folder: string): void {
  const git = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const files = execFileSync('git', git, { cwd: checkout, encoding: 'utf8' }).split('\0')
  const isIgnored = ignoredBy(readFileSync(join(checkout, '.dockerignore'), 'utf8'))
  for (const file of files) {
    if (file === '' || isIgnored(file)) continue
    if (lstatSync(join(checkout, file), { throwIfNoEntry: false }) === undefined) continue
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    cpSync(join(checkout, file), join(folder, file))
  }
}

/** The last pattern that matches a path, or a folder above it, decides ("Dockerfile reference"). */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => ({ keep: line.startsWith('!'), pattern: asPattern(line.replace(/^!/, '')) }))
  return path => {
    const last = rules.findLast(({ pattern }) => pattern.test(path))
    return last !== undefined && !last.keep
  }
}

function asPattern(rule: string): RegExp {
  const source = rule
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(
      /\*\*\/|\*|\?/g,
      wild => ({ '**/': '(.*/)?', '*': '[^/]*', '?': '[^/]' })[wild] ?? wild,
    )
  return new RegExp(`^${source}(/|$)`)
}
