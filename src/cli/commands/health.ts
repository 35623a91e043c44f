import { get } from 'node:http'
import { get as getByTls } from 'node:https'
import type { Command } from 'commander'
import type { Clock } from '../../base/clock.ts'
import { BalanceError } from '../../base/errors.ts'
import { listeningUrl, reachableUrl } from '../gateway-url.ts'
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
  // The certificate has the name by which others call, not this host's own address.
  const trusting = flags.url === undefined
  const answer = await ask(url, trusting, session.clock)
  const { healthy, status } = answer
  const shape: HealthShape = { healthy, url, status }
  session.out.show(shape, () => (healthy ? 'healthy' : ''))
  if (!healthy) throw new BalanceError('failed', `${url}: ${answer.why}.`, { hint: HINT })
}

const HINT = 'See balance status, or start it: balance serve.'

async function baseUrl(session: Session, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if (/^https?:\/\//.test(given) && URL.canParse(given)) return given
    throw new BalanceError('invalid_value', '--url takes a URL like http://127.0.0.1:8077.')
  }
  const config = session.config()
  if (config.listen.port !== 0) return reachableUrl(listeningUrl(config))
  const { url } = await (await session.requireDaemon()).call('status', {})
  if (url !== null) return reachableUrl(url)
  throw new BalanceError('failed', 'The gateway does not listen yet.', { hint: HINT })
}

interface Answer {
  readonly healthy: boolean
  readonly status: string | null
  /** For people; empty where it is healthy. */
  readonly why: string
}

/** @param trusting whatever certificate is shown */
function ask(url: string, trusting: boolean, clock: Clock): Promise<Answer> {
  return new Promise(resolve => {
    const none = (why: string) => resolve({ healthy: false, status: null, why })
    const options = { agent: false, rejectUnauthorized: !trusting }
    const sent = (url.startsWith('https:') ? getByTls : get)(url, options, response => {
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
