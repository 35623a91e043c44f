import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { DialectName } from '../../src/model/dialect.ts'
import { classifyAnswer } from '../../src/wire/classify.ts'
import { dialectNamed } from '../../src/wire/dialects.ts'
import { ANTHROPIC } from '../../src/wire/failures/anthropic.ts'
import { AZURE } from '../../src/wire/failures/azure.ts'
import { COMMON } from '../../src/wire/failures/common.ts'
import { GEMINI, GOOGLE } from '../../src/wire/failures/gemini.ts'
import { OPENAI } from '../../src/wire/failures/openai.ts'
import { OPENROUTER } from '../../src/wire/failures/openrouter.ts'
import type { FailureTable } from '../../src/wire/failures/rule.ts'
import { bytesOf, FIXTURES, WALL } from './failures/fixtures.ts'

const TABLES: Readonly<Record<DialectName, FailureTable>> = {
  openai: OPENAI,
  anthropic: ANTHROPIC,
  gemini: GEMINI,
}

describe('failures as vendors send them', () => {
  it.each(FIXTURES.map(each => [`${each.dialect} ${each.status}: ${each.name}`, each] as const))(
    '%s',
    (_, fixture) => {
      const { dialect, status, headers, expect: expected } = fixture
      const outcome = dialectNamed(dialect).classify(status, headers, bytesOf(fixture), WALL)
      expect(outcome).toMatchObject(expected)
    },
  )

  it('are many, each of its own name and with its source', () => {
    expect(FIXTURES.length).toBeGreaterThanOrEqual(90)
    for (const { source, name } of FIXTURES) {
      expect(source, name).toMatch(/^from memory$|^https:\/\/\S+( \(.+\))?$/)
    }
    const seen = FIXTURES.filter(fixture => fixture.source !== 'from memory')
    expect(seen.length).toBeGreaterThanOrEqual(60)
    expect(new Set(FIXTURES.map(each => JSON.stringify(each))).size).toBe(FIXTURES.length)
  })

  it('need every row of every table: without it, one of them would be judged otherwise', () => {
    const rows = new Set(Object.values(TABLES).flatMap(table => table.rules))
    for (const row of rows) {
      const missed = FIXTURES.some(fixture => {
        const { dialect, status, headers } = fixture
        const { rules, statusOf } = TABLES[dialect]
        const table = { statusOf, rules: rules.filter(each => each !== row) }
        const outcome = classifyAnswer(table, status, headers, bytesOf(fixture), WALL)
        return !isDeepStrictEqual({ ...outcome, ...fixture.expect }, outcome)
      })
      expect(missed, JSON.stringify(row)).toBe(true)
    }
  })
})

describe('the tables', () => {
  it('give no code two meanings among those that are joined', () => {
    for (const joined of [OPENAI, ANTHROPIC, GEMINI]) {
      for (const part of [AZURE, OPENROUTER, GOOGLE]) {
        for (const [code, status] of Object.entries(part.statusOf)) {
          expect(joined.statusOf[code] ?? status, code).toBe(status)
        }
      }
    }
  })

  it('end with what is common, so that every status of HTTP has a row', () => {
    for (const { rules } of Object.values(TABLES)) {
      expect(rules.slice(-COMMON.rules.length)).toEqual(COMMON.rules)
    }
  })
})
