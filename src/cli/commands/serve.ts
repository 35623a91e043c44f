import type { Command } from 'commander'
import { VERSION } from '../../base/version.ts'
import type { Daemon } from '../../daemon/daemon.ts'
import { type BootstrapFlags, loadConfig, takeService } from '../../model/config.ts'
import { UNKNOWN_TOKEN } from '../clients.ts'
import { offerKeys } from '../offer-keys.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

interface ServeFlags extends BootstrapFlags {
  readonly demo?: true
  readonly allowAnonymous?: true
}

export function define(command: Command, run: Run): void {
  command
    .option('--host <host>', 'address to listen on (127.0.0.1)')
    .option('--port <port>', 'port to listen on (8077)')
    .option('--workers <n>', 'processes that serve requests: a number, or auto (1)')
    .option('--drain <time>', 'how long requests may end at shutdown (30s)')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate, in PEM')
    .option('--tls-key <file>', 'its private key, in PEM')
    .option('--restart-drain <time>', 'the same where systemd holds the socket (5s)')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent (info)')
    .option('--demo', 'a simulated provider with four keys, on a temporary store')
    .option('--allow-anonymous', 'serve callers on this host without a token')
    .addHelpText(
      'after',
      `
A socket that systemd gives is listened on in place of --host and --port.
Log lines go to stderr. SIGTERM and Ctrl-C let requests end first; a second one ends at once.

Examples:
  $ balance serve
  $ balance serve --demo
  $ balance serve --port 9000 --store mysql://balance@db.example/balance`,
    )
    .action(run(serve))
}

async function serve(session: Session, flags: ServeFlags): Promise<void> {
  if (flags.demo) return serveDemo(session, flags)
  const all = { ...session.flags, ...flags }
  const config = loadConfig({ flags: all })
  await offerKeys(session)
  const { startDaemon } = await import('../../daemon/main.ts')
  const daemon = await startDaemon({
    ...surroundings(session, flags),
    config,
    service: takeService(),
    reread: () => loadConfig({ flags: all }),
    makeFirstToken: session.out.onTerminal,
  })
  // Who reads that it serves may send a signal at once.
  const ended = run(daemon, daemon.ended)
  session.out.show({ url: daemon.url, pid: process.pid }, () => '')
  if (session.out.onTerminal) greet(session, daemon)
  else if (daemon.tokens === 0 && !flags.allowAnonymous) {
    session.out.warn('There is no client token yet, so nobody can call: balance tokens create NAME')
  }
  await ended
}

async function serveDemo(session: Session, flags: ServeFlags): Promise<void> {
  const { startDemo } = await import('../../daemon/demo.ts')
  const { daemon, token, dataDir, ended } = await startDemo(surroundings(session, flags), flags)
  const over = run(daemon, ended)
  const shown = { url: daemon.url, pid: process.pid, token: token.reveal(), data_dir: dataDir }
  session.out.show(shown, () => demoText(session, daemon.url, token.reveal(), dataDir))
  await over
}

function surroundings({ clock }: Session, flags: ServeFlags) {
  return { clock, version: VERSION, sink: process.stderr, anonymous: flags.allowAnonymous === true }
}

/** Until a signal ends it. A terminal that closes ends it too; without one SIGHUP means reload. */
async function run(daemon: Daemon, ended: Promise<void>): Promise<void> {
  let stopping = false
  let crashing = false
  const stop = () => {
    daemon.stop(stopping)
    stopping = true
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // That nobody reads the log any more is no reason to stop serving.
  process.stderr.on('error', () => {})
  process.on('uncaughtException', error => {
    // A second defect, while the first is dealt with, leaves nothing to hope for.
    if (crashing) process.exit(1)
    crashing = true
    void daemon.crash(error).finally(() => process.exit(1))
  })
  process.on('SIGHUP', () => (process.stdin.isTTY ? stop() : void daemon.reload()))
  await ended
}

function greet({ out }: Session, { url, providers, firstToken }: Daemon): void {
  const { bold, cyan } = out.paint
  out.line(`\n${bold('balance')} ${VERSION} listens on ${cyan(url)}`)
  if (firstToken !== null) {
    out.line(`\nYour first client token, shown this once:\n  ${bold(firstToken.reveal())}`)
  }
  if (providers === 0) {
    out.line('\nNext, in a second terminal:\n  balance init')
  }
  out.line(`\nPoint a client at it:
  export OPENAI_BASE_URL=${url}/v1
  export OPENAI_API_KEY=${firstToken?.reveal() ?? UNKNOWN_TOKEN}\n`)
}

function demoText({ out }: Session, url: string, token: string, dataDir: string): string {
  const { bold } = out.paint
  const balance = `${out.invocation} `
  return `
A gateway on ${bold(url)}, and behind it a simulated provider with four keys:
one healthy, one rate-limited, one revoked, one flaky. Clients notice none of it.

Paste this into a second terminal:

  curl -N ${url}/v1/chat/completions \\
    -H 'Authorization: Bearer ${token}' \\
    -H 'Content-Type: application/json' \\
    -d '{"model":"mock-large","stream":true,"messages":[{"role":"user","content":"Hello"}]}'

Then watch what happened:

  ${balance}logs list --data-dir ${dataDir}
  ${balance}keys list --data-dir ${dataDir}
  ${balance}logs tail --data-dir ${dataDir}

Ctrl-C ends the demo and removes its store.
`
}
