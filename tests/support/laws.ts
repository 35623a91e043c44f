import { builtinModules } from 'node:module'
import { dirname, join, normalize } from 'node:path'

/** Rooms by floor: imports go down only, and rooms on one floor do not see each other. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  model: 1,
  store: 2,
  balancer: 2,
  wire: 2,
  upstream: 2,
  mock: 2,
  snapshot: 3,
  metrics: 3,
  gateway: 4,
  control: 5,
  daemon: 6,
  cli: 7,
  bench: 7,
}

/** Which files may import a package; what is not here may be imported by none. */
const PACKAGES: Readonly<Record<string, RegExp>> = {
  kysely: /^store\//,
  'better-sqlite3': /^store\//,
  mysql2: /^store\//,
  undici: /^(upstream|bench)\//,
  commander: /^cli\//,
  '@inquirer/prompts': /^cli\//,
  chalk: /^cli\//,
  'cli-table3': /^(cli|bench)\//,
  'string-width': /^cli\//,
  'cli-progress': /^cli\//,
  chartscii: /^cli\//,
  'csv-parse': /^cli\//,
  dotenv: /^cli\//,
  pino: /^base\/log\.ts$/,
  cosmiconfig: /^model\/config/,
  yaml: /^model\/config/,
  zod: /^(model|control)\//,
  'prom-client': /^metrics\//,
  preact: /^control\/dashboard\//,
  uplot: /^control\/dashboard\//,
}

/** What runs in browsers: a room by itself, with a clock of its own. */
const DASHBOARD = 'control/dashboard/'
const BROWSER: ReadonlySet<string> = new Set(['preact', 'uplot'])
const CLOCKS: ReadonlySet<string> = new Set(['base/clock.ts', `${DASHBOARD}data/clock.ts`])

/** Large, and needed by few commands: loaded where they are used, so that no other start pays. */
const LAZY: ReadonlySet<string> = new Set(['cli-progress', 'chartscii', 'csv-parse', 'dotenv'])

const TIME = /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.now\b|\bhrtime\b/
const TIMER = /(?<![.\w])(globalThis\.)?set(Timeout|Interval)\s*\(|\bAbortSignal\.timeout\b/
const ENVIRONMENT = /\bprocess\s*\??\.\s*env\b|\bprocess\s*\[|\benv\b[^=]*\}\s*=\s*process\b/
/** It watches processes that it is loaded into. */
const GAUGE = 'bench/gauge-inside.ts'
const CLOCK_MODULES = /^(node:)?(timers(\/promises)?|perf_hooks)$/

/** A law that a file breaks, as a sentence. */
export type Breach = string

/**
 * The import laws of docs/architecture.md ("Floors", "Sealed doors"), held against one file.
 * @param file path below src, like `gateway/pipeline.ts`
 */
export function breaches(file: string, source: string): Breach[] {
  const code = withoutComments(source)
  const found = importsOf(code).flatMap(one => importBreaches(file, one))
  if (!CLOCKS.has(file)) {
    if (TIME.test(code)) found.push('only base/clock reads a clock')
    if (TIMER.test(code)) found.push('only base/clock sets a timer')
  }
  if (ENVIRONMENT.test(code) && !/^model\/config/.test(file)) {
    found.push('only model/config reads process.env')
  }
  return found.map(law => `src/${file}: ${law}`)
}

interface Import {
  readonly name: string
  /** Loaded when it is needed, or never: a type. */
  readonly lazy: boolean
}

export function importsOf(code: string): Import[] {
  const fixed = [
    ...code.matchAll(/^\s*(?:import|export)\b(?!\s+type\b)[^'"`;=()]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\brequire\(\s*['"]([^'"]+)['"]\s*\)/g),
  ]
  const lazy = [
    ...code.matchAll(/^\s*(?:import|export)\s+type\b[^'"`;=()]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
  ]
  return [
    ...fixed.map(match => ({ name: match[1] as string, lazy: false })),
    ...lazy.map(match => ({ name: match[1] as string, lazy: true })),
  ]
}

function importBreaches(file: string, { name, lazy }: Import): Breach[] {
  if (name.startsWith('.')) return floorBreaches(file, normalize(join(dirname(file), name)), lazy)
  if (name.startsWith('node:') || builtinModules.includes(name)) {
    if (file.startsWith(DASHBOARD)) return [`browsers have no ${name}`]
    if (!CLOCK_MODULES.test(name) || file === 'base/clock.ts' || file === GAUGE) return []
    return [`only base/clock imports ${name}`]
  }
  const [scope = '', rest = ''] = name.split('/')
  const bare = scope.startsWith('@') ? `${scope}/${rest}` : scope
  const allowed = PACKAGES[bare]
  if (!allowed) return [`${bare} is no dependency that src may import`]
  if (!allowed.test(file)) return [`must not import ${bare}`]
  if (file.startsWith(DASHBOARD) && !BROWSER.has(bare)) return [`browsers have no ${bare}`]
  return LAZY.has(bare) && !lazy ? [`${bare} is imported where it is used, and lazily`] : []
}

function floorBreaches(file: string, target: string, lazy: boolean): Breach[] {
  // VERSION, package.json: data beside src.
  if (target.startsWith('../')) return []
  const [from = '', to = ''] = [file.split('/', 1)[0], target.split('/', 1)[0]]
  const inside = target.startsWith(DASHBOARD)
  if (file.startsWith(DASHBOARD)) return inside ? [] : dashboardBreaches(file, to, lazy)
  if (inside) return ['nothing imports the dashboard, which is a program of its own']
  if (from === to) return []
  const [floor, below] = [FLOORS[from], FLOORS[to]]
  if (floor === undefined || below === undefined) return [`${from} → ${to}: a room without a floor`]
  if (below > floor) return [`${from} is below ${to}: imports go down only`]
  if (below === floor) return [`${from} and ${to} are on one floor and do not see each other`]
  if (to === 'store' && (from === 'gateway' || from === 'snapshot')) {
    return [`${from} must not see store: the data path needs memory only`]
  }
  if (from === 'cli' && to === 'daemon' && !(lazy && file === 'cli/commands/serve.ts')) {
    return ['only cli/commands/serve reaches daemon, and by a lazy import']
  }
  return []
}

function dashboardBreaches(file: string, to: string, lazy: boolean): Breach[] {
  if (to !== 'control' && to !== 'model') return [`${file} may know control and model only`]
  return lazy ? [] : ['the dashboard takes nothing but types from the rest']
}

/** Comments blanked out; texts in quotes are kept, so that `//` in a URL is none. */
function withoutComments(source: string): string {
  return source.replaceAll(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|(?<![\\/:])\/\/.*/g,
    text => (text.startsWith('/') ? ' ' : text),
  )
}
