import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { BalanceError } from '../../base/errors.ts'
import type { Run } from '../program.ts'
import {
  DECLARED_USER,
  PASSWORD,
  refuseHidden,
  type ServiceFile,
  serviceFiles,
  thisProgram,
  writeService,
} from '../service-install.ts'
import { type Agreement, agree, type Layout, layoutOf, spell } from '../service-layout.ts'
import { installedUnits, readableState, serviceState } from '../service-state.ts'
import type { Session } from '../session.ts'
import type { ServiceInstallShape, ServiceRemovalShape } from '../shapes/service.ts'
import { journalLine, systemctl, systemctlLine, systemdRuns, UNITS } from '../systemctl.ts'

interface ScopeFlags {
  readonly user?: true
  readonly root?: string
}

interface InstallFlags extends ScopeFlags {
  readonly print?: true
  readonly listen?: string
}

export function define(command: Command, run: Run): void {
  scoped(command.command('install'))
    .description('have systemd start the gateway, and hold its socket over restarts')
    .option('--listen <address>', 'where to listen (127.0.0.1:8077)')
    .option('--print', 'show what would be written, and do nothing')
    .addHelpText('after', INSTALL_HELP)
    .action(run(install))
  scoped(command.command('status'))
    .description('what is installed, and what systemd says of it')
    .addHelpText('after', STATUS_HELP)
    .action(run(status))
  scoped(command.command('uninstall'))
    .description('stop the service and take it out of systemd; data and configuration stay')
    .addHelpText('after', UNINSTALL_HELP)
    .action(run(uninstall))
}

function scoped(command: Command): Command {
  return command
    .option('--user', 'a service of your own, in place of one of the host')
    .option('--root <dir>', 'a folder that stands for /, for images and packagers')
}

const INSTALL_HELP = `
Writes balance.socket and balance.service, and in /etc/balance a configuration that root's
commands read too and a master key; what is there already is kept. The gateway runs as the
user "balance", which is made. With --user all of it is in your own folders. Run it again
after a change of listen or store in the configuration, or of where balance is installed.

For a MySQL store put its password into ${PASSWORD} (mode 0600) first.

Examples:
  $ sudo balance service install
  $ balance service install --user --listen 127.0.0.1:9000
  $ balance service install --print --store mysql://balance@db.example/balance`

const STATUS_HELP = `
Exits 3 where nothing is installed. "balance status" shows the gateway itself.

Example:
  $ balance service status`

const UNINSTALL_HELP = `
Says what it left.

Example:
  $ sudo balance service uninstall`

async function install(session: Session, flags: InstallFlags): Promise<void> {
  const { out } = session
  const layout = layoutGiven(session, flags)
  const agreement = agree(layout, { store: session.flags.store, listen: flags.listen })
  const files = serviceFiles(layout, agreement, thisProgram())
  if (flags.print) {
    const shape = installShape(layout, agreement, files, () => false, false)
    return out.show(shape, () => files.map(printed).join('\n'))
  }
  refuseUnprivileged(session, layout, 'install')
  if (layout.scope === 'system' && layout.root === '') refuseHidden(thisProgram())
  const moves = isMoved(layout, files)
  const there = new Set(files.filter(file => isThere(layout, file)).map(({ path }) => path))
  await writeService(layout, agreement, files)
  const written = ({ path, kept }: ServiceFile) => !(kept && there.has(path))
  for (const file of files) out.say(`${written(file) ? 'wrote' : 'kept'} ${file.path}`)
  const begins = layout.root === '' && systemdRuns()
  const begin: readonly (readonly string[])[] = [
    ['daemon-reload'],
    ...(moves ? [['stop', ...UNITS]] : []),
    ['enable', ...UNITS],
    ['start', 'balance.socket'],
    // One that ran has the unit of before.
    ['restart', 'balance.service'],
  ]
  if (begins) for (const words of begin) await systemctl(layout.scope, ...words)
  else tellLater(session, layout, begin)
  out.show(installShape(layout, agreement, files, written, begins), () => '')
  if (begins) {
    const url = `${agreement.tls ? 'https' : 'http'}://${spell(agreement.listen)}`
    out.say(`The gateway serves on ${url}; its log: ${journalLine(layout.scope)}`)
  }
  if (agreement.store.startsWith('sqlite:') || layout.scope === 'user') return
  if (!existsSync(join(layout.root, PASSWORD)))
    out.warn(`${PASSWORD} is not there: the store is opened without a password.`)
}

async function status(session: Session, flags: ScopeFlags): Promise<void> {
  const layout = layoutGiven(session, flags)
  const { out } = session
  if (installedUnits(layout).length === 0) throw notInstalled(session, layout)
  const shape = await serviceState(layout)
  out.show(shape, () => readableState(shape))
  if (!shape.current) out.say('The units are not those of this version: balance service install')
}

async function uninstall(session: Session, flags: ScopeFlags): Promise<void> {
  const layout = layoutGiven(session, flags)
  const units = installedUnits(layout)
  if (units.length === 0) throw notInstalled(session, layout)
  refuseUnprivileged(session, layout, 'uninstall')
  const runs = layout.root === '' && systemdRuns()
  if (runs) await systemctl(layout.scope, 'disable', '--now', ...UNITS)
  const removed = [...units, ...(layout.scope === 'system' ? [DECLARED_USER] : [])]
  for (const path of removed) rmSync(join(layout.root, path), { force: true })
  if (runs) await systemctl(layout.scope, 'daemon-reload')
  const left = [layout.configFolder, layout.dataDir].filter(path =>
    existsSync(join(layout.root, path)),
  )
  const { out } = session
  const shape: ServiceRemovalShape = { scope: layout.scope, removed, left }
  out.show(shape, () => '')
  for (const path of removed) out.say(`removed ${path}`)
  for (const path of left) out.say(`left ${path}, with what is in it`)
  if (layout.scope === 'system') out.say('left the user balance, whose files these are')
}

/** @throws BalanceError not_permitted */
function refuseUnprivileged({ out }: Session, { scope, root }: Layout, verb: string): void {
  if (scope === 'user' || root !== '' || process.geteuid?.() === 0) return
  throw new BalanceError('not_permitted', `Only root may ${verb} a service of the host.`, {
    hint: `sudo ${out.invocation} service ${verb}, or with --user one of your own.`,
  })
}

/** @throws BalanceError usage */
function layoutGiven({ flags }: Session, { user, root }: ScopeFlags): Layout {
  if (flags.config !== undefined || flags.dataDir !== undefined) {
    throw new BalanceError(
      'usage',
      'A service has its folders: it takes no --config or --data-dir.',
      {
        hint: 'A data_dir in its configuration file is heeded.',
      },
    )
  }
  return layoutOf(user ? 'user' : 'system', root === undefined ? '' : resolve(root))
}

function isThere({ root }: Layout, { path }: ServiceFile): boolean {
  return existsSync(join(root, path))
}

/** Whether a socket is there, and is to be another: what listens on it must end first. */
function isMoved(layout: Layout, files: readonly ServiceFile[]): boolean {
  return files.some(
    file =>
      file.path.endsWith('.socket') &&
      isThere(layout, file) &&
      readFileSync(join(layout.root, file.path), 'utf8') !== file.content,
  )
}

function installShape(
  { scope }: Layout,
  { listen, store }: Agreement,
  files: readonly ServiceFile[],
  written: (file: ServiceFile) => boolean,
  started: boolean,
): ServiceInstallShape {
  const shown = files.map(file => ({
    path: file.path,
    content: file.content,
    written: written(file),
  }))
  return { scope, listen: spell(listen), store, files: shown, started }
}

function printed({ path, content, kept }: ServiceFile): string {
  const note = content === null ? ' (mode 0600, 32 random bytes)' : ''
  return `# ${path}${note}${kept ? ', unless it is there' : ''}\n${content ?? ''}`
}

function tellLater({ out }: Session, layout: Layout, lines: readonly (readonly string[])[]): void {
  if (layout.root !== '') return
  out.say('systemd does not run here. Where it does:')
  for (const words of lines) out.say(`  ${systemctlLine(layout.scope, ...words).join(' ')}`)
}

function notInstalled({ out }: Session, { scope }: Layout): BalanceError {
  const what = scope === 'user' ? 'service of yours' : 'service of this host'
  return new BalanceError('no_such', `There is no ${what}.`, {
    hint: `${scope === 'user' ? '' : 'sudo '}${out.invocation} service install${scope === 'user' ? ' --user' : ''}`,
  })
}
