import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import type { Secret } from '../../base/secret.ts'
import type { ProxyTestShape } from '../../control/shapes/proxy-test.ts'
import {
  type EgressProxy,
  type EgressProxyChange,
  type GivenProxyUrl,
  parseProxyUrl,
  shownProxyUrl,
} from '../../model/egress-proxy.ts'
import { proxyNamed } from '../../model/proxy-named.ts'
import { type ProxyStatus, proxyStatuses } from '../../model/proxy-status.ts'
import { proxyColumns, proxyTestColumns } from '../columns/proxy.ts'
import { example } from '../example.ts'
import { readSecret } from '../key-input.ts'
import type { Run } from '../program.ts'
import { confirm } from '../prompts.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command.addHelpText('after', '\nA PROXY is named by its id (x_…) or its name.')
  command
    .command('list')
    .description('proxies that upstreams are dialled through, and how they do')
    .addHelpText('after', example('balance proxies list'))
    .action(run(list))
  command
    .command('add')
    .description('add a proxy; providers use it from then on, unless they say otherwise')
    .argument('<name>', 'what it is called here')
    .argument(
      '[url]',
      'http://, https:// or socks5://[user@]host[:port]; read where it is left out',
    )
    .option('--password', 'read its password from stdin, or ask for it')
    .addHelpText('after', ADD_HELP)
    .action(run(add))
  command
    .command('set')
    .description("change a proxy's URL or its password")
    .argument('<proxy>', 'id or name')
    .option('--url <url>', 'another one, without a password')
    .option('--password', 'read a new password from stdin, or ask for it')
    .option('--no-password', 'it needs none any more')
    .addHelpText('after', example('balance proxies set eu --password < password.txt'))
    .action(run(set))
  command
    .command('enable')
    .description('use a proxy again')
    .argument('<proxy>', 'id or name')
    .addHelpText('after', example('balance proxies enable eu'))
    .action(run((session, given: string) => change(session, given, { enabled: true })))
  command
    .command('disable')
    .description('stop using a proxy; its keys use the others')
    .argument('<proxy>', 'id or name')
    .addHelpText('after', example('balance proxies disable eu'))
    .action(run((session, given: string) => change(session, given, { enabled: false })))
  command
    .command('test')
    .description('ask proxies for a connection to a provider; no key is shown to anybody')
    .argument('[proxy...]', 'ids or names; all of them unless given')
    .option('--to <provider>', 'the provider; one that is dialled through it unless given')
    .addHelpText('after', TEST_HELP)
    .action(run(test))
  command
    .command('remove')
    .description('delete a proxy that nothing names; its keys use the others')
    .argument('<proxy>', 'id or name')
    .option('--yes', 'without a question')
    .addHelpText('after', example('balance proxies remove eu'))
    .action(run(remove))
}

const TEST_HELP = `
Milliseconds are those until the proxy was connected to, until it had made the tunnel, and
until the provider had shown a certificate that is good. Exits 1 where one fails.

Examples:
  $ balance proxies test
  $ balance proxies test eu --to openai
  $ balance proxies test --json | jq '.[] | select(.ok | not) | .reason'`

const ADD_HELP = `
A password is never an argument: other users of this host could read it. Either leave the
URL out, and it is read whole, or say --password. env:NAME or file:/path in the place of a
password refers to one that is kept elsewhere.

Which proxies a provider uses is its setting proxy: names with commas, all (which is what
providers do unless told otherwise) or none. See docs/proxies.md.

Examples:
  $ balance proxies add eu http://proxy.lan:3128
  $ balance proxies add us socks5://me@us.example:1080 --password < password.txt
  $ balance proxies add asia < url.txt
  $ balance providers set openai proxy=eu,us`

async function list(session: Session): Promise<void> {
  const proxies = await statuses(session)
  session.out.list(proxyColumns(session.out.paint, session.clock.wall()), proxies)
  if (proxies.length === 0) session.out.say('No proxy: upstreams are dialled directly.')
}

async function statuses(session: Session): Promise<readonly ProxyStatus[]> {
  const daemon = await session.daemon()
  if (daemon) return daemon.call('proxies.list', {})
  const store = await session.store()
  return proxyStatuses(await store.proxies(), [], session.clock.wall())
}

async function add(
  session: Session,
  name: string,
  url: string | undefined,
  options: { password?: true },
): Promise<void> {
  const given = url === undefined ? await readUrl(name) : readArgument(url)
  const password = options.password ? await readSecret(`password of ${name}`) : given.password
  const store = await session.store()
  const [proxy] = await store.addProxies([{ name, url: given.url, password }])
  show(session, proxy as EgressProxy, 'added')
  await session.inForce()
}

async function readUrl(name: string): Promise<GivenProxyUrl> {
  return parseProxyUrl((await readSecret(`URL of ${name}`)).reveal())
}

/** @throws BalanceError usage where it holds a password, which is not shown again */
function readArgument(url: string): GivenProxyUrl {
  const given = parseProxyUrl(url)
  if (given.password === null) return given
  throw new BalanceError(
    'usage',
    'A password is never taken as an argument: other users of this host could read it.',
    {
      hint: 'Leave it out and say --password, or leave the whole URL out: it is asked for, or read from stdin. What was just typed is in your shell history: remove it there.',
    },
  )
}

async function set(
  session: Session,
  name: string,
  options: { url?: string; password?: boolean },
): Promise<void> {
  const url = options.url === undefined ? {} : { url: readArgument(options.url).url }
  const password = await newPassword(name, options.password)
  const wanted = { ...url, ...(password === undefined ? {} : { password }) }
  if (Object.keys(wanted).length === 0) {
    throw new BalanceError('usage', 'Nothing to change was given.', {
      hint: 'Say what: --url, --password or --no-password.',
    })
  }
  await change(session, name, wanted)
}

async function newPassword(
  name: string,
  wanted: boolean | undefined,
): Promise<Secret | null | undefined> {
  if (wanted === undefined) return undefined
  return wanted ? readSecret(`password of ${name}`) : null
}

async function change(session: Session, given: string, wanted: EgressProxyChange): Promise<void> {
  show(session, await (await session.store()).changeProxy(given, wanted), 'changed')
  await session.inForce()
}

function show({ out, clock }: Session, proxy: EgressProxy, done: string): void {
  out.show(proxyStatuses([proxy], [], clock.wall())[0], () => '')
  out.say(`${done} ${proxy.name} (${shownProxyUrl(proxy)})`)
}

async function test(
  session: Session,
  given: string[],
  { to = null }: { to?: string | null },
): Promise<void> {
  const { out, clock } = session
  const catalog = await (await session.store()).catalog()
  const chosen =
    given.length === 0 ? catalog.proxies : given.map(name => proxyNamed(catalog.proxies, name))
  // What speaks HTTP costs most of a command's start.
  const { testProxies } = await import('../../control/proxy-tests.ts')
  const rows = chosen.length === 0 ? [] : await testProxies(clock, catalog, chosen, to)
  out.list(proxyTestColumns(out.paint), rows)
  if (rows.length === 0) out.say('There is no proxy to test: balance proxies add NAME URL')
  const failed = rows.filter(({ ok }) => !ok)
  if (failed.length === 0) return
  throw new BalanceError('failed', `${failed.length} of ${rows.length} failed the test.`, {
    hint: hintOf(failed),
  })
}

function hintOf(failed: readonly ProxyTestShape[]): string {
  const refused = failed.find(({ code }) => code === 'proxy_407' || code === 'proxy_socks_auth')
  if (refused === undefined) return 'A proxy that works again is used again by itself.'
  return `Another password: balance proxies set ${refused.name} --password`
}

async function remove(session: Session, given: string, options: { yes?: true }): Promise<void> {
  const store = await session.store()
  const proxy = await store.removableProxy(given)
  const last = (await store.proxies()).length === 1
  const after = last ? ' Without it upstreams are dialled directly.' : ''
  await confirm(`Remove ${proxy.name} (${shownProxyUrl(proxy)})?${after}`, options.yes === true)
  await store.removeProxy(proxy.id)
  session.out.show({ removed: proxy.id, name: proxy.name }, () => '')
  session.out.say(`removed ${proxy.name}`)
  if (last) session.out.say('No proxy is left: upstreams are dialled directly now.')
  await session.inForce()
}
