import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const FOLDER = 'docs/reports'

/** Writes what `npm run soak` showed, with the figures that tests annotated, as a dated report. */
export default class SoakReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const now = new Date().toISOString()
    const all = modules.flatMap(module => [...module.children.allTests()])
    const failed = all.filter(test => test.result().state === 'failed')
    const skipped = all.filter(test => test.result().state === 'skipped')
    const lines = [
      `# Soak, ${now.slice(0, 10)}`,
      '',
      `${now}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB.`,
      '',
      `${all.length - failed.length - skipped.length} passed, ${failed.length} failed, ${skipped.length} skipped.`,
      '',
      '## Figures',
      '',
      ...all.flatMap(figures),
      '',
      '## Failed',
      '',
      ...(failed.length === 0 ? ['None.'] : failed.map(test => `- ${place(test)}`)),
      '',
      '## Longest',
      '',
      ...longest(all).map(test => `- ${seconds(test)} s: ${place(test)}`),
      '',
    ]
    mkdirSync(FOLDER, { recursive: true })
    // Parts of a soak may be run by themselves, one after the other.
    const name = now.slice(0, 16).replace(':', '')
    writeFileSync(`${FOLDER}/${name}-soak.md`, lines.join('\n'))
  }
}

function figures(test: TestCase): string[] {
  return test.annotations().map(({ message }) => `- ${test.name}: ${message}`)
}

function place(test: TestCase): string {
  return `${relative('.', test.module.moduleId)}: ${test.fullName}`
}

function longest(all: readonly TestCase[]): TestCase[] {
  return [...all].sort((a, b) => duration(b) - duration(a)).slice(0, 15)
}

function seconds(test: TestCase): string {
  return (duration(test) / 1_000).toFixed(1)
}

function duration(test: TestCase): number {
  return test.diagnostic()?.duration ?? 0
}
