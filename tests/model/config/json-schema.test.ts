import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { BOOTSTRAP_PARSERS } from '../../../src/model/config/bootstrap.ts'
import { FILE_SCHEMA } from '../../../src/model/config/schema.ts'
import { SETTING_NAMES, SETTINGS, type SettingName } from '../../../src/model/settings.ts'

const root = new URL('../../../', import.meta.url)
const path = fileURLToPath(new URL('balance.config.schema.json', root))
const example = readFileSync(new URL('balance.config.example.yaml', root), 'utf8')

interface JsonSchema extends z.core.JSONSchema.BaseSchema {}

/** What editors check a configuration file by: of what is written, not of what it becomes. */
function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
    override({ zodSchema, jsonSchema: made, path }) {
      const { def } = zodSchema._zod
      // A text may stand for a map with one member.
      if (def.type === 'pipe' && def.in._zod.def.type === 'transform') {
        const { $schema: _, ...map } = jsonSchema(def.out as z.ZodType)
        for (const member of Object.keys(made)) delete made[member]
        made.anyOf = [{ type: 'string' }, map]
      }
      const name = path.at(-1) as SettingName
      if (path.at(-2) === 'properties' && Object.hasOwn(SETTINGS, name)) {
        made.description = SETTINGS[name].doc
      }
    },
  }) as JsonSchema
}

describe('balance.config.schema.json', () => {
  const schema = jsonSchema(FILE_SCHEMA)

  it('is what the schema of the file says; vitest -u writes it anew', async () => {
    // A snapshot that is missing would be written, and be right.
    expect(existsSync(path)).toBe(true)
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(path)
  })

  it('knows every name of a file and no other', () => {
    const names = [...Object.keys(BOOTSTRAP_PARSERS), ...SETTING_NAMES]
    const objects = ['tls', 'providers', 'proxies', 'routes', 'tokens', 'vault']
    expect(Object.keys(schema.properties ?? {}).sort()).toEqual([...names, ...objects].sort())
    expect(schema.additionalProperties).toBe(false)
  })

  it('fits the example, which names it for editors', () => {
    expect(example.split('\n', 1)[0]).toMatch(/^# yaml-language-server: \$schema=.*schema\.json$/)
    const whole = parse(example.replaceAll(/^#(?=\w| {2,}\w)/gm, ''))
    expect(z.fromJSONSchema(schema as never).safeParse(whole).error?.issues ?? []).toEqual([])
    const wrong = { ...whole, routes: { fast: [{ to: 'openai', wait: 1 }] } }
    expect(z.fromJSONSchema(schema as never).safeParse(wrong).success).toBe(false)
  })
})
