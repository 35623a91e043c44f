import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/daemon.ts'
import { freePort } from '../../support/free-port.ts'
import { talk } from './raw.ts'

/** A request as a web server in front understood it. */
export interface Logged {
  /** As it stood in the request line. */
  readonly line: string
  readonly status: number
  /** What answered for it: a status of the gateway's, a server's name; see {@link Kind.asked}. */
  readonly upstream: string
}

/** A web server of Debian's. */
export interface Kind {
  readonly command: string
  /** So that it stays in the foreground, in this folder. */
  readonly options: (folder: string) => readonly string[]
  /** Between these ports, as docs/tls.md has it but for TLS; connections upward are kept. */
  readonly configuration: (folder: string, port: number, gateway: number) => string
  /** Written to `access.log`, or to stdout, which goes there. */
  readonly logged: (line: string) => Logged
  /** The gateway was asked, and answered well. */
  readonly asked: (logged: Logged) => boolean
}

export function isMissing({ command }: Kind): boolean {
  try {
    execFileSync(command, ['-v'], { stdio: 'ignore' })
    return false
  } catch {
    if (process.env.BALANCE_REQUIRE_PROXIES) throw new Error(`${command} is missing, but required.`)
    return true
  }
}

/** A web server before a gateway. */
export class Front {
  readonly kind: Kind
  readonly port: number
  readonly #folder: string
  readonly #process: ChildProcess
  #read = 0

  private constructor(kind: Kind, port: number, folder: string) {
    this.kind = kind
    this.port = port
    this.#folder = folder
    const log = openSync(join(folder, 'access.log'), 'a')
    this.#process = spawn(kind.command, kind.options(folder), { stdio: ['ignore', log, 'ignore'] })
    closeSync(log)
  }

  static async before(gateway: number, kind: Kind): Promise<Front> {
    const folder = mkdtempSync(join(tmpdir(), `bal-${kind.command}-`))
    const port = await freePort()
    writeFileSync(join(folder, 'configuration'), kind.configuration(folder, port, gateway))
    const front = new Front(kind, port, folder)
    await eventually(
      () =>
        talk(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n', 1).then(
          ({ replies }) => replies.length > 0,
        ),
      `${kind.command} answers`,
    )
    front.take()
    return front
  }

  /** What it logged since the last call: a line each when the answer was sent. Sentinels aside. */
  take(): Logged[] {
    const lines = readFileSync(join(this.#folder, 'access.log'), 'utf8').split('\n').slice(0, -1)
    const fresh = lines.slice(this.#read)
    this.#read = lines.length
    return fresh.map(this.kind.logged).filter(({ line }) => line !== 'GET /livez HTTP/1.1')
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
    rmSync(this.#folder, { recursive: true })
  }
}

export const NGINX: Kind = {
  command: 'nginx',
  options: folder => ['-p', folder, '-c', join(folder, 'configuration')],
  logged: line => JSON.parse(line) as Logged,
  asked: ({ upstream }) => upstream.startsWith('2'),
  configuration: (folder, port, gateway) => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map(name => `${name}_temp_path ${folder}/${name};`)
      .join('\n')
    return `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http {
  ${temporary}
  log_format told escape=json '{"line":"$request","status":$status,"upstream":"$upstream_status"}';
  access_log ${folder}/access.log told;
  upstream gateway { server 127.0.0.1:${gateway}; keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 1g;
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_next_upstream off;
    }
  }
}`
  },
}

export const HAPROXY: Kind = {
  command: 'haproxy',
  options: folder => ['-db', '-f', join(folder, 'configuration')],
  logged: text => {
    const [, status = '', upstream = '', line = ''] = /^(-?\d+) (\S+) "?(.*?)"?$/.exec(text) ?? []
    return { line, status: Number(status), upstream }
  },
  asked: ({ status, upstream }) => upstream === 'gateway' && status >= 200 && status < 300,
  configuration: (_folder, port, gateway) => `global
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%ST %s %{+Q}r"
  option forwardfor
  http-reuse always
  retries 0
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout http-request 2s
frontend clients
  bind 127.0.0.1:${port}
  default_backend gateways
backend gateways
  server gateway 127.0.0.1:${gateway}
`,
}
