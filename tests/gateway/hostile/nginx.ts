import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/daemon.ts'
import { freePort } from '../../support/free-port.ts'
import { talk } from './raw.ts'

/** A request as nginx understood it. */
export interface Logged {
  /** As it stood in the request line. */
  readonly line: string
  readonly status: number
  /** Of the gateway; `-` where it was not asked. */
  readonly upstream: string
}

export function nginxIsMissing(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
    return false
  } catch {
    if (process.env.BALANCE_REQUIRE_PROXIES) throw new Error('nginx is missing, but required.')
    return true
  }
}

/** Debian's nginx before a gateway, as docs/tls.md has it but for TLS; connections upward are kept. */
export class Nginx {
  readonly port: number
  readonly #folder: string
  readonly #process: ChildProcess
  #read = 0

  private constructor(port: number, folder: string) {
    this.port = port
    this.#folder = folder
    this.#process = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: 'ignore',
    })
  }

  static async before(gateway: number): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'bal-nginx-'))
    const port = await freePort()
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, gateway))
    const nginx = new Nginx(port, folder)
    await eventually(
      () =>
        talk(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n', 1).then(
          ({ replies }) => replies.length > 0,
        ),
      'nginx answers',
    )
    nginx.take()
    return nginx
  }

  /** What it logged since the last call: a line each when the answer was sent. Sentinels aside. */
  take(): Logged[] {
    const lines = readFileSync(join(this.#folder, 'access.log'), 'utf8').split('\n').slice(0, -1)
    const fresh = lines.slice(this.#read)
    this.#read = lines.length
    return fresh
      .map(line => JSON.parse(line) as Logged)
      .filter(({ line }) => line !== 'GET /livez HTTP/1.1')
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL')
    await once(this.#process, 'exit')
    rmSync(this.#folder, { recursive: true })
  }
}

function configuration(folder: string, port: number, gateway: number): string {
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
}
