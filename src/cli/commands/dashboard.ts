import type { Command } from 'commander'
import { openInBrowser } from '../browser.ts'
import { gatewayPlace } from '../gateway-url.ts'
import type { Run } from '../program.ts'
import type { Session } from '../session.ts'

export function define(command: Command, run: Run): void {
  command
    .option('--print', 'print the link, and open nothing')
    .addHelpText('after', HELP)
    .action(run(dashboard))
}

const HELP = `
Asks the daemon for a link that logs a browser in, once, within 30 seconds; no password is
needed. Where there is no desktop the link is printed. From another computer, forward the
port first: ssh -L 8077:127.0.0.1:8077 HOST

Examples:
  $ balance dashboard
  $ balance dashboard --print`

async function dashboard(session: Session, options: { readonly print?: true }): Promise<void> {
  const daemon = await session.requireDaemon()
  const { url } = await gatewayPlace(session)
  const { path } = await daemon.call('dashboard.link', {})
  const link = `${url}${path}`
  const { out } = session
  const opened = !options.print && !out.json && openInBrowser(link, session.config())
  if (opened) {
    out.say('opened in your browser; if nothing shows, open this within 30 seconds:')
    out.say(link)
    return
  }
  out.show({ url: link }, () => link)
  out.say('good for one login, within 30 seconds')
}
