import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import {
  DockerfileParser,
  type From,
  type Instruction,
  type ModifiableInstruction,
} from 'dockerfile-ast'
import { copyContext } from './context.ts'
import { BASE_ENV, Root } from './root.ts'

interface Stage {
  readonly root: Root
  readonly env: Record<string, string>
  workdir: string
  user: string | undefined
}

/** What the last stage says of the containers that are made of it. */
interface Settings {
  entrypoint: readonly string[]
  command: readonly string[]
  healthcheck: readonly string[]
  volumes: readonly string[]
  stopSignal: NodeJS.Signals
}

/**
 * A Dockerfile's steps, carried out without a container engine: COPY into folders, RUN in a chroot on this
 * host's Debian with the Node of the base image. For root only.
 */
export class Image {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bal-image-'))
  readonly #context = join(this.#folder, 'context')
  readonly #stages = new Map<string, Stage>()
  readonly #local: string
  #stage: Stage | null = null
  readonly settings: Settings = {
    entrypoint: [],
    command: [],
    healthcheck: [],
    volumes: [],
    stopSignal: 'SIGTERM',
  }

  private constructor(checkout: string, local: string) {
    this.#local = local
    mkdirSync(this.#context)
    copyContext(checkout, this.#context)
  }

  /** @param local what the base image has in /usr/local */
  static async build(checkout: string, local: string): Promise<Image> {
    const image = new Image(checkout, local)
    try {
      const file = readFileSync(join(checkout, 'Dockerfile'), 'utf8')
      for (const step of DockerfileParser.parse(file).getInstructions()) await image.#take(step)
      return image
    } catch (error) {
      image.remove()
      throw error
    }
  }

  /** The last stage. */
  get stage(): Stage {
    if (this.#stage === null) throw new Error('There is no FROM.')
    return this.#stage
  }

  remove(): void {
    // Some ten thousand files: Node takes a minute to remove them.
    execFileSync('rm', ['-rf', this.#folder])
  }

  async #take(step: Instruction): Promise<void> {
    const words = step.getArguments().map(argument => argument.getValue())
    const keyword = step.getKeyword()
    const { settings } = this
    if (keyword === 'FROM') return this.#from(step as From)
    if (keyword === 'RUN') return this.#run(step.getRawArgumentsContent() ?? '')
    if (keyword === 'COPY') return this.#copy(step as ModifiableInstruction, words)
    if (keyword === 'ENV') return this.#env(step)
    if (keyword === 'WORKDIR') return this.#workdir(words[0] ?? '/')
    if (keyword === 'USER') this.stage.user = words[0]
    else if (keyword === 'VOLUME') settings.volumes = words
    else if (keyword === 'STOPSIGNAL') settings.stopSignal = words[0] as NodeJS.Signals
    else if (keyword === 'ENTRYPOINT') settings.entrypoint = execForm(step)
    else if (keyword === 'CMD') settings.command = execForm(step)
    else if (keyword === 'HEALTHCHECK') settings.healthcheck = execForm(step)
    else if (!['EXPOSE', 'LABEL'].includes(keyword))
      throw new Error(`${keyword} is not known here.`)
  }

  #from(step: From): void {
    if (step.getImage() !== 'node:24-bookworm-slim') {
      throw new Error(`There is nothing like ${step.getImage()} here.`)
    }
    const name = step.getBuildStage() ?? `${this.#stages.size}`
    const root = new Root(join(this.#folder, name), this.#local)
    this.#stage = { root, env: { ...BASE_ENV }, workdir: '/', user: undefined }
    this.#stages.set(name, this.#stage)
  }

  async #run(command: string): Promise<void> {
    const { root, env, workdir: cwd, user } = this.stage
    const as = user === undefined ? {} : { user }
    const home = { HOME: '/root', ...certificates(), ...env }
    const running = root.start(['/bin/sh', '-c', command], { env: home, cwd, ...as })
    let said = ''
    for (const output of [running.stdout, running.stderr]) {
      output?.on('data', chunk => {
        said += chunk
      })
    }
    const code = await new Promise(resolve => running.on('close', resolve))
    if (code !== 0) throw new Error(`RUN ${command}\nexited ${code}:\n${said}`)
  }

  #copy(step: ModifiableInstruction, words: readonly string[]): void {
    const flags = new Map(step.getFlags().map(flag => [flag.getName(), flag.getValue() ?? '']))
    const from = flags.get('from')
    const source = from === undefined ? this.#context : this.#stages.get(from)?.root.path
    if (source === undefined) throw new Error(`There is no stage ${from}.`)
    const sources = words.slice(0, -1).map(word => join(source, word))
    const target = this.#inside(words.at(-1) ?? '')
    for (const path of sources)
      copy(path, target, sources.length > 1 || words.at(-1)?.endsWith('/'))
    const owner = flags.get('chown')
    if (owner !== undefined) execFileSync('chown', ['-R', owner, target])
  }

  #env(step: Instruction): void {
    const { env } = this.stage
    const { getProperties } = step as Instruction & {
      getProperties(): { getName(): string; getUnescapedValue(): string | null }[]
    }
    const before = { ...env }
    for (const property of getProperties.call(step)) {
      const value = property.getUnescapedValue() ?? ''
      env[property.getName()] = value.replace(/\$(\w+)/g, (_, name: string) => before[name] ?? '')
    }
  }

  #workdir(path: string): void {
    this.stage.workdir = resolve(this.stage.workdir, path)
    mkdirSync(this.#inside('.'), { recursive: true })
  }

  /** A path of the current stage, on this host. */
  #inside(path: string): string {
    return join(this.stage.root.path, resolve(this.stage.workdir, path))
  }
}

/** What lies in a folder goes into the target; a file becomes it, or goes into it. */
function copy(path: string, target: string, into = false): void {
  const isFolder = statSync(path).isDirectory()
  const found = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false
  mkdirSync(isFolder || into ? target : join(target, '..'), { recursive: true })
  const to = !isFolder && (into || found) ? join(target, basename(path)) : target
  execFileSync('cp', ['-a', '--no-preserve=ownership', isFolder ? `${path}/.` : path, to])
}

/** `["balance", "serve"]`; the only form that leaves the program process 1. */
function execForm(step: Instruction): string[] {
  const text = step.getRawArgumentsContent() ?? ''
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}

/** How this host reaches the npm registry. */
function certificates(): Record<string, string> {
  const file = process.env.NODE_EXTRA_CA_CERTS
  return file === undefined ? {} : { NODE_EXTRA_CA_CERTS: file }
}
