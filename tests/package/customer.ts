import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Ended } from '../support/command-line.ts'

/** Somebody with an empty folder and an empty home. npm's cache is this host's: its tests wait less. */
export class Customer {
  readonly #root = mkdtempSync(join(tmpdir(), 'bal-customer-'))
  readonly folder = join(this.#root, 'app')
  readonly #env: Readonly<Record<string, string>>

  /** @param env besides what every program needs, and what npm needs to reach its registry here */
  constructor(env: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.folder)
    writeFileSync(join(this.folder, 'package.json'), '{"name":"app","version":"1.0.0"}')
    const certificates = process.env.NODE_EXTRA_CA_CERTS
    this.#env = {
      HOME: this.#root,
      npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
      npm_config_prefer_offline: 'true',
      npm_config_userconfig: process.env.NPM_CONFIG_USERCONFIG ?? join(homedir(), '.npmrc'),
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      ...(certificates && { NODE_EXTRA_CA_CERTS: certificates }),
      ...env,
    }
  }

  /** Runs a shell command to its end, with the programs of this folder found first. */
  run(commands: string, command: string): Promise<Ended> {
    return new Promise(resolve => {
      const options = { cwd: this.folder, env: this.#surroundings(commands), maxBuffer: 1e8 }
      execFile('/bin/sh', ['-c', command], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
      })
    })
  }

  /** The version of a package that npm chose, and whether npm runs a script to install it. */
  installed(name: string): { readonly version: string; readonly hasInstallScript?: true } {
    const path = join(this.folder, 'node_modules/.package-lock.json')
    const lock = JSON.parse(readFileSync(path, 'utf8')) as {
      packages: Record<string, { version: string; hasInstallScript?: true }>
    }
    const found = lock.packages[`node_modules/${name}`]
    if (found === undefined) throw new Error(`${name} was not installed.`)
    return found
  }

  /** What the demo answers to one chat request; the demo is ended again, and must end well. */
  async chat(commands: string): Promise<unknown> {
    const command = ['node_modules/.bin/balance', 'serve', '--demo', '--port', '0', '--json']
    const options = { cwd: this.folder, env: this.#surroundings(commands) }
    const demo = spawn('/usr/bin/env', command, options)
    const ended = new Promise<number | null>(resolve => demo.on('close', resolve))
    let said = ''
    demo.stderr.on('data', chunk => {
      said += chunk
    })
    try {
      let text = ''
      for await (const line of createInterface({ input: demo.stdout })) {
        text += line
        if (line === '}') break
      }
      if (text === '') throw new Error(`It did not start: ${said}`)
      const { url, token } = JSON.parse(text) as { url: string; token: string }
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"model":"mock-large","messages":[{"role":"user","content":"Hello"}]}',
      })
      const answer: unknown = await response.json()
      demo.kill('SIGTERM')
      if ((await ended) !== 0) throw new Error(`It did not end well: ${said}`)
      return answer
    } finally {
      demo.kill('SIGKILL')
    }
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  #surroundings(commands: string): Record<string, string> {
    return { ...this.#env, PATH: `${commands}:/usr/bin:/bin` }
  }
}
