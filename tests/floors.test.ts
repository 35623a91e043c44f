import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { breaches, importsOf } from './support/laws.ts'

const src = new URL('../src/', import.meta.url)
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.tsx?$/.test(file))
  .sort()

describe('the import laws', () => {
  it('are kept by every file', () => {
    const found = files.flatMap(file =>
      breaches(file, readFileSync(fileURLToPath(new URL(file, src)), 'utf8')),
    )
    expect(found).toEqual([])
  })

  it('are held against files that do import', () => {
    const seen = files.flatMap(file =>
      importsOf(readFileSync(fileURLToPath(new URL(file, src)), 'utf8')),
    )
    expect(files.length).toBeGreaterThan(20)
    expect(seen.length).toBeGreaterThan(files.length)
  })
})

describe('a planted violation is found', () => {
  it.each([
    ['base/text.ts', "import { x } from '../model/units.ts'", 'imports go down only'],
    ['model/units.ts', "import type { X } from '../store/open.ts'", 'imports go down only'],
    ['snapshot/compile.ts', "export { x } from '../gateway/server.ts'", 'imports go down only'],
    ['control/socket.ts', "import '../cli/main.ts'", 'imports go down only'],
    ['store/open.ts', "import { x } from '../balancer/pool.ts'", 'do not see each other'],
    ['wire/sse.ts', "import { x } from '../mock/server.ts'", 'do not see each other'],
    ['cli/main.ts', "import { x } from '../bench/run.ts'", 'do not see each other'],
    ['gateway/proxy.ts', "import { x } from '../store/open.ts'", 'needs memory only'],
    ['snapshot/holder.ts', "import type { x } from '../store/open.ts'", 'needs memory only'],
    ['cli/main.ts', "const x = await import('../daemon/main.ts')", 'by a lazy import'],
    ['cli/commands/serve.ts', "import { x } from '../../daemon/main.ts'", 'by a lazy import'],
    ['cli/commands/keys.ts', "import type { X } from '../../daemon/main.ts'", 'by a lazy import'],
    ['cli/commands/keys.ts', "type X = import('../../daemon/main.ts').X", 'by a lazy import'],
    ['attic/x.ts', "import { x } from '../base/text.ts'", 'a room without a floor'],
    ['gateway/x.ts', "import { Pool } from 'undici'", 'must not import undici'],
    ['control/x.ts', "import { Kysely } from 'kysely'", 'must not import kysely'],
    ['daemon/x.ts', "import mysql from 'mysql2/promise'", 'must not import mysql2'],
    ['model/x.ts', "import Database from 'better-sqlite3'", 'must not import better-sqlite3'],
    ['daemon/x.ts', "import chalk from 'chalk'", 'must not import chalk'],
    ['daemon/x.ts', "await import('chartscii')", 'must not import chartscii'],
    ['cli/x.ts', "import { SingleBar } from 'cli-progress'", 'where it is used, and lazily'],
    ['cli/x.ts', "import Chart from 'chartscii'", 'where it is used, and lazily'],
    ['cli/x.ts', "import { parse } from 'csv-parse/sync'", 'where it is used, and lazily'],
    ['cli/x.ts', "import { parse } from 'dotenv'", 'where it is used, and lazily'],
    ['store/x.ts', "await import('csv-parse/sync')", 'must not import csv-parse'],
    [
      'control/x.ts',
      "import { input } from '@inquirer/prompts'",
      'must not import @inquirer/prompts',
    ],
    ['base/errors.ts', "import { pino } from 'pino'", 'must not import pino'],
    ['model/settings.ts', "import { parse } from 'yaml'", 'must not import yaml'],
    ['gateway/x.ts', "import { Counter } from 'prom-client'", 'must not import prom-client'],
    ['metrics/x.ts', "import { x } from '../snapshot/holder.ts'", 'do not see each other'],
    ['mock/script.ts', "import { z } from 'zod'", 'must not import zod'],
    ['cli/x.ts', "import _ from 'lodash'", 'no dependency'],
    ['cli/x.ts', "const _ = require('lodash/fp')", 'no dependency'],
    ['control/dashboard/x.tsx', "import { x } from '../api.ts'", 'nothing but types'],
    [
      'control/dashboard/x.tsx',
      "import type { x } from '../../base/text.ts'",
      'control and model only',
    ],
    ['control/dashboard/x.tsx', "import { z } from 'zod'", 'browsers have no zod'],
    ['control/dashboard/x.tsx', "import { readFile } from 'node:fs'", 'browsers have no node:fs'],
    ['control/dashboard/ui/x.tsx', 'const now = Date.now()', 'reads a clock'],
    ['control/socket.ts', "import { x } from './dashboard/data/router.ts'", 'a program of its own'],
    ['cli/x.ts', "import { h } from 'preact'", 'must not import preact'],
    ['store/x.ts', "import {\n  a,\n  b,\n} from '../wire/sse.ts'", 'do not see each other'],
    ['store/x.ts', 'const now = Date.now()', 'reads a clock'],
    ['store/x.ts', 'const now = new Date()', 'reads a clock'],
    ['store/x.ts', 'const now = performance.now()', 'reads a clock'],
    ['store/x.ts', 'const now = process.hrtime.bigint()', 'reads a clock'],
    ['store/x.ts', 'setTimeout(() => {}, 1)', 'sets a timer'],
    ['store/x.ts', 'globalThis.setInterval(f, 1)', 'sets a timer'],
    ['store/x.ts', 'fetch(url, { signal: AbortSignal.timeout(5) })', 'sets a timer'],
    ['store/x.ts', "import { setTimeout } from 'node:timers/promises'", 'node:timers/promises'],
    ['base/log.ts', "import { performance } from 'node:perf_hooks'", 'node:perf_hooks'],
    ['bench/main.ts', "import { performance } from 'node:perf_hooks'", 'node:perf_hooks'],
    ['cli/main.ts', 'const home = process.env.HOME', 'process.env'],
    ['cli/main.ts', "const home = process['env'].HOME", 'process.env'],
    [
      'cli/main.ts',
      "const { env } = process\nexport const url = 'http://x' // fine",
      'process.env',
    ],
  ])('in %s: %j', (file, source, law) => {
    const found = breaches(file, source)
    expect(found.join('\n')).toContain(law)
    expect(found[0]).toContain(`src/${file}: `)
  })
})

describe('what the laws allow is left alone', () => {
  it.each([
    ['base/clock.ts', 'const now = Date.now(); setTimeout(f, 1); performance.now()'],
    ['base/log.ts', "import { pino } from 'pino'"],
    ['model/config.ts', "import { parse } from 'yaml'\nconst { HOME } = process.env"],
    ['model/config/search.ts', "import { cosmiconfigSync } from 'cosmiconfig'"],
    ['model/settings.ts', "import { z } from 'zod'\nimport { x } from './units.ts'"],
    ['upstream/agents.ts', "import { Pool } from 'undici'"],
    ['bench/gateway.ts', "import { Pool } from 'undici'\nimport { x } from '../mock/server.ts'"],
    ['bench/gauge-inside.ts', "import { monitorEventLoopDelay } from 'node:perf_hooks'"],
    ['cli/commands/serve.ts', "const { run } = await import('../../daemon/main.ts')"],
    ['cli/commands/serve.ts', "import type { Daemon } from '../../daemon/main.ts'"],
    ['cli/commands/keys.ts', "import { x } from '../../store/open.ts'"],
    ['cli/x.ts', "const library = await import('chartscii')"],
    ['cli/x.ts', "import type { SingleBar } from 'cli-progress'"],
    ['gateway/server.ts', 'socket.setTimeout(5); new Date(row.time)'],
    ['gateway/server.ts', '// Date.now() would jump\n/* process.env */\n/** setTimeout(f, 1) */'],
    ['control/dashboard/x.tsx', "import type { x } from '../../model/status.ts'"],
    ['control/dashboard/ui/x.tsx', "import { useState } from 'preact/hooks'"],
    ['control/dashboard/ui/x.tsx', "import { t } from '../text/text.ts'"],
    ['control/dashboard/data/clock.ts', 'const now = Date.now(); setTimeout(f, 1)'],
    ['gateway/server.ts', "import { createServer } from 'node:http'"],
    ['base/version.ts', "import version from '../../package.json' with { type: 'json' }"],
  ])('in %s: %j', (file, source) => {
    expect(breaches(file, source)).toEqual([])
  })
})
