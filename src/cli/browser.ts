import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { LoadedConfig } from '../model/config.ts'

/**
 * Opens a link that is a secret in the browser of this desktop.
 * Not as an argument, which all users of the host can read, but by a page of the user's own that leads
 * there; what is left in it opens nothing any more once it was used.
 * @returns false where there is no desktop
 */
export function openInBrowser(link: string, { environment, dataDir }: LoadedConfig): boolean {
  const { desktop, runtimeDir } = environment
  if (desktop === null) return false
  const folder = runtimeDir ?? dataDir
  const page = join(folder, 'dashboard.html')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    rmSync(page, { force: true })
    writeFileSync(page, leadingTo(link), { mode: 0o600, flag: 'wx' })
  } catch {
    return false
  }
  const child = spawn(desktop, [pathToFileURL(page).href], { stdio: 'ignore', detached: true })
  // The link is shown as well.
  child.on('error', () => {})
  child.unref()
  return true
}

function leadingTo(link: string): string {
  return `<!doctype html>\n<meta charset="utf-8">\n<meta name="referrer" content="no-referrer">\n<meta http-equiv="refresh" content="0; url=${link}">\n<title>Balance</title>\n<a href="${link}">Balance</a>\n`
}
