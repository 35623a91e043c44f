import { get } from 'node:http'
import { isIPv6 } from 'node:net'
import type { Command } from 'commander'
import type { Clock } from '../../base/clock.ts'
import { BalanceError } from '../../base/errors.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

/** Whoever asks this often, a container engine above all, gives up soon: it must be told before. */
const PATIENCE_MS = 4_000
/** More than any answer of the health paths. */
const LONGEST = 4_096

export function define(command: Command, run: Run): void {
  command
    .option('--live', 'only whether the process runs: also while it starts or drains')
    .option('--url <url>', 'of the gateway, where it is not the configured address')
    .addHelpText(
      'after',
      `
Asks GET /readyz, with --live GET /livez, at the address that is configured. Exits 0 when
it may get requests, else 1. The store is not opened: one in trouble makes nobody unhealthy.

Examples:
  $ balance health
  $ balance health --url http://127.0.0.1:9000 --json`,
    )
    .action(run(health))
}

interface HealthFlags {
  readonly live?: true
  readonly url?: string
}

/** What `health --json` prints. */
interface HealthShape {
  readonly healthy: boolean
  readonly url: string
  /** As the gateway says it: `ok`, `starting`, `draining`; null where nothing answers. */
  readonly status: string | null
}

async function health(session: Session, flags: HealthFlags): Promise<void> {
  const url = new URL(flags.live ? '/livez' : '/readyz', await baseUrl(session, flags.url)).href
  const answer = await ask(url, session.clock)
  const { healthy, status } = answer
  const shape: HealthShape = { healthy, url, status }
  session.out.show(shape, () => (healthy ? 'healthy' : ''))
  if (!healthy) throw new BalanceError('failed', `${url}: ${answer.why}.`, { hint: HINT })
}

const HINT = 'See balance status, or start it: balance serve.'

async function baseUrl(session: Session, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if (/^http:\/\//.test(given) && URL.canParse(given)) return given
    throw new BalanceError('invalid_value', '--url takes a URL like http://127.0.0.1:8077.')
  }
  const { host, port } = session.config().listen
  if (port !== 0) return `http://${reachable(host)}:${port}`
  const { url } = await (await session.requireDaemon()).call('status', {})
  if (url !== null) return url
  throw new BalanceError('failed', 'The gateway does not listen yet.', { hint: HINT })
}

/** Where one listens that listens at all addresses of a family. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return isIPv6(host) ? `[${host}]` : host
}

interface Answer {
  readonly healthy: boolean
  readonly status: string | null
  /** For people; empty where it is healthy. */
  readonly why: string
}

function ask(url: string, clock: Clock): Promise<Answer> {
  return new Promise(resolve => {
    const none = (why: string) => resolve({ healthy: false, status: null, why })
    const sent = get(url, { agent: false }, response => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', chunk => {
        text += chunk
        if (text.length > LONGEST) sent.destroy()
      })
      response.on('close', () => resolve(judge(response.statusCode, text)))
    })
    const patience = clock.after(PATIENCE_MS, () => {
      none('no answer in time')
      sent.destroy()
    })
    sent.on('close', () => patience.stop())
    sent.on('error', (error: NodeJS.ErrnoException) => {
      none(`nothing answers (${error.code ?? error.message})`)
    })
  })
}

function judge(code: number | undefined, text: string): Answer {
  const status = statusIn(text)
  if (status === null) return { healthy: false, status, why: 'somebody else listens there' }
  const healthy = code === 200
  return { healthy, status, why: healthy ? '' : `the gateway is ${status}` }
}

function statusIn(text: string): string | null {
  try {
    const { status } = JSON.parse(text) as { status?: unknown }
    return typeof status === 'string' ? status : null
  } catch {
    return null
  }
}
