import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/**
 * Bundles src/control/dashboard into dist/dashboard: `index.html`, and under `assets/` files whose
 * names hold a hash of what is in them. Beside each lie `.br` and `.gz`, for the daemon to send.
 */
const root = dirname(fileURLToPath(import.meta.url))
const out = join(root, 'dist/dashboard')

/** Builds it; gives the folders of the packages that are in it, relative to the checkout. */
export async function buildDashboard() {
  const { build } = await import('vite')
  await rm(out, { recursive: true, force: true })
  const packages = new Set()
  await build({
    configFile: false,
    root: join(root, 'src/control/dashboard'),
    base: '/admin/',
    publicDir: false,
    logLevel: 'warn',
    build: {
      outDir: out,
      emptyOutDir: true,
      target: 'es2022',
      // The policy of the page's content allows no inline anything, and one chunk needs no preloading.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
    plugins: [noting(packages)],
  })
  await compress()
  return packages
}

/** @param packages is given the folder of every package that a module came from */
function noting(packages) {
  return {
    name: 'packages',
    moduleParsed({ id }) {
      const [folder] = id.match(/node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []
      if (folder) packages.add(folder)
    },
  }
}

async function compress() {
  const names = await readdir(out, { recursive: true })
  for (const name of names.filter(name => /\.(html|js|css)$/.test(name))) {
    const path = join(out, name)
    const content = await readFile(path)
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
    await writeFile(`${path}.br`, await promisify(brotliCompress)(content, quality))
    await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }))
  }
}
