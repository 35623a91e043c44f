import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Refusal } from './refusal.js'

/** Of package.json, what those who install it need. Without `private`: the checkout cannot be published. */
const KEPT = [
  'version',
  'description',
  'keywords',
  'license',
  'type',
  'bin',
  'files',
  'engines',
  'dependencies',
]

/**
 * Packs the built checkout.
 * @param {string} folder where the tarball is put
 * @param {string} name under which it is published
 * @returns the tarball's path
 */
export function pack(root, folder, name) {
  if (!existsSync(join(root, 'dist/cli.js'))) throw new Refusal('dist/ is not built: npm run build')
  const stage = mkdtempSync(join(tmpdir(), 'balance-pack-'))
  try {
    const [whole] = npmPack(root, stage)
    execFileSync('tar', ['-xzf', join(stage, whole.filename), '-C', stage])
    const top = join(stage, 'package')
    const shape = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'))
    writeFileSync(join(top, 'package.json'), JSON.stringify(published(shape, name), null, 2))
    mkdirSync(folder, { recursive: true })
    const [made] = npmPack(top, folder)
    return join(folder, made.filename)
  } finally {
    rmSync(stage, { recursive: true })
  }
}

function published(shape, name = shape.name) {
  const kept = Object.fromEntries(KEPT.map(key => [key, shape[key]]))
  return { name, ...kept, ...repository() }
}

/** Where it was built, as the provenance of npm must find it in package.json too. */
function repository() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env
  if (!server || !repository) return {}
  const url = `${server}/${repository}`
  return {
    repository: { type: 'git', url: `git+${url}.git` },
    homepage: `${url}#readme`,
    bugs: `${url}/issues`,
  }
}

function npmPack(folder, destination) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const made = JSON.parse(
    execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  // npm 12 gives an object by name, those before it a list.
  return Object.values(made)
}
