import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Bundles src/ into dist/, and the dashboard, by dashboard.config.js. Every output lies directly in dist/, so that code may find its
 * neighbours by `new URL('./name.js', import.meta.url)` whichever chunk it ended up in.
 *
 *   node esbuild.config.js               builds once
 *   node esbuild.config.js --if-source   builds where there is something to build (npm's `prepare`)
 *   node esbuild.config.js --watch ARGS  rebuilds on change and restarts `balance serve ARGS`
 */
const root = dirname(fileURLToPath(import.meta.url))
const dist = join(root, 'dist')

const ENTRY_POINTS = {
  cli: 'src/cli/main.ts',
  'store-thread': 'src/store/thread.ts',
  worker: 'src/daemon/worker.ts',
  bench: 'src/bench/run.ts',
  'bench-gauge': 'src/bench/gauge-inside.ts',
}

/** Of other people's code the comments are left out, which are a fourteenth of all that is installed and read. */
const withoutComments = {
  name: 'without-comments',
  setup({ esbuild, onLoad }) {
    onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const { code } = await esbuild.transform(source, { minifyWhitespace: true, sourcefile: path })
      return { contents: code, loader: 'js' }
    })
  },
}

/**
 * cosmiconfig looks for a configuration of its own too, and brings what reads or executes that: it finds none here.
 * Our own file is read by us.
 */
const withoutLoaders = {
  name: 'without-loaders',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(import-fresh|js-yaml|parse-json|typescript)$/ }, ({ importer }) =>
      /[\\/]cosmiconfig[\\/]/.test(importer) ? { path: 'loader', namespace: 'not-there' } : null,
    )
    // As where there is no file, which it goes past.
    const contents = "throw Object.assign(new Error('not read here'), { code: 'ENOENT' })"
    onLoad({ filter: /./, namespace: 'not-there' }, () => ({ contents, loader: 'js' }))
  },
}

const options = {
  absWorkingDir: root,
  entryPoints: Object.fromEntries(
    Object.entries(ENTRY_POINTS).filter(([, source]) => existsSync(join(root, source))),
  ),
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // They are installed with us.
  external: ['better-sqlite3', 'mysql2'],
  sourcemap: 'linked',
  metafile: true,
  logLevel: 'warning',
  plugins: [withoutLoaders, withoutComments],
  // Bundled CommonJS packages call require(), which an ES module does not have.
  banner: {
    js: "import { createRequire as balanceCreateRequire } from 'node:module'; const require = balanceCreateRequire(import.meta.url);",
  },
}

const flags = process.argv.slice(2)
const esbuild = await load()
if (esbuild && flags[0] === '--watch') await watch(flags.slice(1))
else if (esbuild) await finish(await esbuild.build(options), await dashboard())

/** Null where `--if-source` finds nothing to do: an installed package has neither src/ nor esbuild. */
async function load() {
  try {
    if (!existsSync(join(root, ENTRY_POINTS.cli))) throw new Error('src/ is not here.')
    return await import('esbuild')
  } catch (error) {
    if (flags.includes('--if-source')) return null
    throw error
  }
}

/** Only a checkout has what builds it, and its `dashboard.config.js`. */
async function dashboard() {
  const { buildDashboard } = await import('./dashboard.config.js')
  return buildDashboard()
}

async function watch(args) {
  const packages = await dashboard()
  let daemon = null
  const restart = async () => {
    await ended(daemon)
    daemon = spawn(process.execPath, [join(root, 'bin/balance.js'), 'serve', ...args], {
      stdio: 'inherit',
    })
  }
  const plugin = {
    name: 'restart',
    setup(build) {
      build.onEnd(async result => {
        if (result.errors.length > 0) return
        await finish(result, packages)
        await restart()
      })
    },
  }
  const context = await esbuild.context({ ...options, plugins: [...options.plugins, plugin] })
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, async () => {
      await context.dispose()
      await ended(daemon)
      process.exit(0)
    })
  }
  await context.watch()
}

function ended(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  return new Promise(resolve => {
    child.once('exit', resolve)
    child.kill('SIGTERM')
  })
}

/** Chunks are named by their content: what an earlier build left would stay for ever. */
async function finish({ metafile }, packages) {
  const written = new Set(Object.keys(metafile.outputs).map(path => path.slice('dist/'.length)))
  await writeFile(join(dist, 'THIRD_PARTY_LICENSES.txt'), await licenses(metafile, packages))
  for (const name of await readdir(dist)) {
    if (/\.js(\.map)?$/.test(name) && !written.has(name)) await rm(join(dist, name))
  }
}

/** The licence texts of all packages whose code is in the bundle, as those licences ask for. */
async function licenses(metafile, packages) {
  const folders = new Set(packages)
  for (const input of Object.keys(metafile.inputs)) {
    const [folder] = input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []
    if (folder) folders.add(folder)
  }
  const texts = await Promise.all([...folders].sort().map(license))
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

async function license(folder) {
  const path = join(root, folder)
  const { name, version, license, homepage } = JSON.parse(
    await readFile(join(path, 'package.json'), 'utf8'),
  )
  const file = (await readdir(path)).find(entry => /^licen[cs]e/i.test(entry))
  const text = file ? await readFile(join(path, file), 'utf8') : `License: ${license}\n`
  return `${name} ${version}${homepage ? ` (${homepage})` : ''}\n\n${text.trim()}\n`
}
