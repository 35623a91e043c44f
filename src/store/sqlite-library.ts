import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type Sqlite from 'better-sqlite3'
import { BalanceError } from '../base/errors.ts'

/**
 * From this version on it brings its binaries along, and needs no install script, which npm 12 would block.
 * But it needs Node 22, and crashes an older one instead of refusing it.
 */
const BRINGS_BINARIES = 13
const NEEDS_NODE = 22

/**
 * better-sqlite3, whose binary belongs to one line of Node.
 * @throws BalanceError failed, where the installed one is for another Node, or is not complete
 */
export async function loadSqlite(): Promise<typeof Sqlite> {
  const { version, folder } = installed()
  if (major(version) >= BRINGS_BINARIES && !isNewNode()) {
    const message = `better-sqlite3 ${version} needs Node ${NEEDS_NODE} or newer; ${thisNode()}.`
    throw new BalanceError('failed', message, { hint: reinstall(folder, BRINGS_BINARIES - 1) })
  }
  const { default: library } = await import('better-sqlite3')
  try {
    // The binary is loaded by the first database, not by the import.
    new library(':memory:').close()
    return library
  } catch (cause) {
    throw notLoaded(cause, version, folder)
  }
}

function installed(): { readonly version: string; readonly folder: string } {
  const require = createRequire(import.meta.url)
  try {
    const path = require.resolve('better-sqlite3/package.json')
    const { version } = require(path) as { version: string }
    return { version, folder: dirname(dirname(dirname(path))) }
  } catch (cause) {
    throw new BalanceError('failed', 'better-sqlite3 is not installed.', {
      cause,
      hint: 'Install balance again with npm, which brings it.',
    })
  }
}

function notLoaded(cause: unknown, version: string, folder: string): BalanceError {
  const { code, message } = cause as NodeJS.ErrnoException
  const why = /NODE_MODULE_VERSION/.test(message)
    ? 'was built for another Node'
    : /Could not locate the bindings file/.test(message)
      ? 'has no binary'
      : `failed (${code ?? message})`
  return new BalanceError(
    'failed',
    `better-sqlite3 ${version} cannot be loaded: it ${why}; ${thisNode()}.`,
    { cause, hint: isNewNode() ? reinstall(folder, BRINGS_BINARIES) : rebuild(folder) },
  )
}

function reinstall(folder: string, line: number): string {
  return `Install the one for it: cd ${folder} && npm install --no-save better-sqlite3@${line}`
}

function rebuild(folder: string): string {
  return `Build it for this one: cd ${folder} && npm rebuild better-sqlite3`
}

function isNewNode(): boolean {
  return major(process.versions.node) >= NEEDS_NODE
}

function thisNode(): string {
  return `this is Node ${process.versions.node}`
}

function major(version: string): number {
  return Number.parseInt(version, 10)
}
