import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cosmiconfigSync, type PublicExplorerSync } from 'cosmiconfig'
import { BalanceError } from '../../base/errors.ts'

/** A configuration file as it was read; nothing of it is understood yet. */
export interface ConfigText {
  readonly path: string
  readonly text: string
}

export interface SearchPlaces {
  /** The file that the command line or BALANCE_CONFIG names, and whether it was the variable. */
  readonly named: { readonly path: string; readonly byVariable: boolean } | null
  /** Folders, in order; the first that holds a file wins. */
  readonly folders: readonly string[]
}

const PLACES = ['balance.config.yaml', 'balance.config.yml', 'balance.config.json']

const OWN_FOLDER = fileURLToPath(new URL('.', import.meta.url))

const EXTENSIONS = ['.yaml', '.yml', '.json']

/** Made once: our own folder may be replaced while a daemon runs. */
let explorer: PublicExplorerSync | null = null

/** Longest file read, in bytes. */
const LONGEST = 1_048_576

/** The current folder (not those above it), the user's configuration folder, the host's. */
export function searchFolders(
  cwd: string,
  env: Readonly<NodeJS.ProcessEnv>,
  etc: string,
): readonly string[] {
  return [cwd, join(configHome(env), 'balance'), join(etc, 'balance')]
}

/** Where this user's programs are configured: XDG Base Directory Specification; relative paths are ignored. */
export function configHome(env: Readonly<NodeJS.ProcessEnv> = process.env): string {
  const xdg = env.XDG_CONFIG_HOME
  return xdg && isAbsolute(xdg) ? xdg : join(env.HOME || homedir(), '.config')
}

/**
 * The configuration file in force, or null where there is none.
 * @throws BalanceError config_invalid when it cannot be read, config_unsafe when others can write it.
 */
export function findConfig({ named, folders }: SearchPlaces): ConfigText | null {
  explorer ??= inertExplorer()
  if (named) return readNamed(explorer, named)
  for (const folder of folders) {
    const found = isFolder(folder) ? explorer.search(folder) : null
    refuseSkipped(folder, found ? basename(found.filepath) : null)
    if (found) return checked(found.filepath, found.config)
  }
  return null
}

/**
 * cosmiconfig as a finder of data files. By itself it reads `package.json`, `package.yaml` and
 * `.config/config.{json,yaml,js,ts,cjs,mjs}` of the working directory while it is constructed, and
 * executes the last four; so it is constructed in a folder of our own that holds none of them. The
 * loader hands the text on unread: an object would have its `$import` followed.
 */
function inertExplorer(): PublicExplorerSync {
  const here = process.cwd()
  process.chdir(OWN_FOLDER)
  try {
    return cosmiconfigSync('balance', {
      searchPlaces: PLACES,
      searchStrategy: 'none',
      ignoreEmptySearchPlaces: false,
      cache: false,
      loaders: {
        '.yaml': handOn,
        '.yml': handOn,
        '.json': handOn,
        '.js': refuse,
        '.cjs': refuse,
        '.mjs': refuse,
        '.ts': refuse,
        noExt: refuse,
      },
    })
  } finally {
    process.chdir(here)
  }
}

function handOn(_path: string, text: string): { readonly text: string } {
  return { text }
}

function refuse(path: string): never {
  throw new BalanceError('config_invalid', `${path} is not a configuration file.`, {
    hint: 'It must be YAML or JSON: .yaml, .yml or .json.',
  })
}

function readNamed(
  explorer: PublicExplorerSync,
  { path, byVariable }: { readonly path: string; readonly byVariable: boolean },
): ConfigText {
  const extension = extname(path)
  // Of a package.json cosmiconfig would give one property, or nothing.
  if (!EXTENSIONS.includes(extension) || basename(path, extension) === 'package') refuse(path)
  if (!existsSync(path)) {
    throw new BalanceError('config_invalid', `There is no file ${path}.`, {
      hint: byVariable
        ? 'The variable BALANCE_CONFIG names it: set it to a file that is there, or unset it.'
        : `Name one that is there; see ls ${dirname(path)}`,
    })
  }
  try {
    return checked(path, explorer.load(path)?.config)
  } catch (error) {
    throw error instanceof BalanceError ? error : unreadable(path, error)
  }
}

function checked(path: string, config: unknown): ConfigText {
  const status = statSync(path)
  const fault = unsafe(status, process.getuid?.() ?? null)
  if (fault) {
    throw new BalanceError('config_unsafe', `${path} ${fault}.`, {
      hint: `Look at what it says, then: chown $(id -un) ${path} && chmod go-w ${path}`,
    })
  }
  if (status.size > LONGEST) {
    throw new BalanceError('config_invalid', `${path} is larger than 1 MiB.`)
  }
  // cosmiconfig gives nothing for an empty file.
  const text = (config as { readonly text?: string } | undefined)?.text ?? ''
  return { path, text }
}

/** Why a file of this owner and mode must not be trusted; null where it may. */
export function unsafe(
  file: { readonly uid: number; readonly mode: number },
  ourUid: number | null,
): string | null {
  if (ourUid !== null && file.uid !== ourUid && file.uid !== 0) {
    return `belongs to user ${file.uid}, who is neither you nor root`
  }
  return (file.mode & 0o022) === 0 ? null : 'can be written by others than its owner'
}

/** cosmiconfig goes past a file it cannot read; running on another configuration would be worse. */
function refuseSkipped(folder: string, found: string | null): void {
  for (const place of PLACES) {
    if (place === found) return
    const path = join(folder, place)
    if (existsSync(path)) throw unreadable(path, null)
  }
}

function unreadable(path: string, cause: unknown): BalanceError {
  return new BalanceError('config_invalid', `${path} cannot be read.`, {
    hint: `It must be a file that you may read; see ls -ld ${path}`,
    cause,
  })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** A path as the operator wrote it: `~/` is the home folder, the rest is relative to `folder`. */
export function resolvePath(text: string, folder: string, home: string): string {
  return text === '~' || text.startsWith('~/') ? join(home, text.slice(1)) : resolve(folder, text)
}
