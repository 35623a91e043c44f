import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mock, startMock } from '../../src/mock/server.ts'
import { type Certificate, makeCertificate } from '../support/certificates.ts'
import { type Daemon, eventually, World } from '../support/daemon.ts'
import { CHAT, STREAMED } from '../support/open-stream.ts'

const DOC = readFileSync(new URL('../../docs/tls.md', import.meta.url), 'utf8')

/** The document's example in this language. */
function example(language: string): string {
  return new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(DOC)?.[1] as string
}

function replaced(whole: string, changes: readonly (readonly [string, string])[]): string {
  return changes.reduce((text, [old, now]) => {
    if (!text.includes(old)) throw new Error(`The example has no ${old}`)
    return text.replace(old, now)
  }, whole)
}

interface Place {
  readonly folder: string
  readonly port: number
  /** Where the gateway listens. */
  readonly upstream: string
}

const PROXIES = {
  nginx({ folder, port, upstream }: Place) {
    const server = replaced(example('nginx'), [
      ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
      ['/etc/letsencrypt/live/gateway.example.com/fullchain.pem', `${folder}/cert.pem`],
      ['/etc/letsencrypt/live/gateway.example.com/privkey.pem', `${folder}/key.pem`],
      ['127.0.0.1:8077', upstream],
    ])
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map(name => `${name}_temp_path ${folder}/${name};`)
      .join('\n')
    const config = `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events {}
http { access_log off; ${temporary}
${server} }`
    writeFileSync(join(folder, 'nginx.conf'), config)
    return ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]
  },

  caddy({ folder, port, upstream }: Place) {
    const site = replaced(example('caddyfile'), [
      ['gateway.example.com {', `localhost:${port} {\n\ttls ${folder}/cert.pem ${folder}/key.pem`],
      ['127.0.0.1:8077', upstream],
    ])
    const global = '{\n\tadmin off\n\tauto_https disable_redirects\n}\n'
    writeFileSync(join(folder, 'Caddyfile'), `${global}${site}`)
    return ['caddy', 'run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
  },
} as const

function isMissing(program: string): boolean {
  try {
    execFileSync(program, [program === 'nginx' ? '-v' : 'version'], { stdio: 'ignore' })
    return false
  } catch {
    if (process.env.BALANCE_REQUIRE_PROXIES) throw new Error(`${program} is missing, but required.`)
    return true
  }
}

describe.each(['nginx', 'caddy'] as const)('the example for %s', program => {
  describe.skipIf(isMissing(program))('in front of a gateway', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bal-proxy-'))
    let world: World
    let mock: Mock
    let daemon: Daemon
    let token: string
    let certificate: Certificate
    let proxy: ChildProcess
    let port: number
    let said = ''

    beforeAll(async () => {
      mock = await startMock({ tokens: 20, rate: 20 })
      world = new World()
      token = await world.furnish(mock.url, 'sk-good-0123456789abcdef')
      daemon = await world.serve('--allow-anonymous')
      certificate = makeCertificate('localhost')
      writeFileSync(join(folder, 'cert.pem'), certificate.cert)
      writeFileSync(join(folder, 'key.pem'), certificate.key)
      port = await freePort()
      const upstream = `127.0.0.1:${daemon.port}`
      const [command, ...args] = PROXIES[program]({ folder, port, upstream }) as string[]
      const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
      proxy = spawn(command as string, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
      proxy.stderr?.on('data', chunk => {
        said += chunk
      })
      await eventually(
        () =>
          ask('/livez').then(
            () => true,
            () => false,
          ),
        `${program}: ${said}`,
      )
    })
    afterAll(async () => {
      proxy.kill('SIGKILL')
      await once(proxy, 'exit')
      await world.remove()
      await mock.close()
      rmSync(folder, { recursive: true })
    })

    async function ask(path: string, options: RequestOptions = {}, body?: string | Buffer) {
      const sent = request({
        port,
        path,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: certificate.cert,
        agent: false,
        ...options,
        headers: { host: `localhost:${port}`, ...options.headers },
      })
      sent.end(body)
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      return response
    }

    const headers = () => ({
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
    })

    it('passes tokens on as they come', async () => {
      const began = performance.now()
      const options = { method: 'POST', headers: headers() }
      const response = await ask(CHAT.path, options, STREAMED.body)
      const times: number[] = []
      let all = ''
      for await (const chunk of response) {
        times.push(performance.now() - began)
        all += chunk
      }
      expect(all).toMatch(/data: \[DONE\]\n\n$/)
      // Twenty tokens at twenty a second: half of them before half of the time.
      expect(times.length).toBeGreaterThan(10)
      expect(times[0]).toBeLessThan((times.at(-1) as number) / 2)
    })

    it('passes large requests on', async () => {
      const messages = [{ role: 'user', content: 'x'.repeat(8_000_000) }]
      const body = JSON.stringify({ model: 'mock-large', messages })
      const response = await ask(CHAT.path, { method: 'POST', headers: headers() }, body)
      expect([response.statusCode, await text(response)]).toEqual([200, expect.any(String)])
    })

    it('makes nobody a caller on this host', async () => {
      const without = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const response = await ask(CHAT.path, without, CHAT.body)
      expect(response.statusCode).toBe(401)
      expect(await text(await ask('/readyz?verbose'))).not.toContain('checks')
    })
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
