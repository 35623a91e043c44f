import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { piecesOf } from './answers.ts'
import { Child, type Core, startProgram } from './child.ts'
import { type Contender, plainDoor, type Upstreams } from './contender.ts'
import { answers, freePort } from './ports.ts'

/** An nginx of this host. */
export interface Nginx {
  readonly path: string
  readonly version: string
}

/** The one on the PATH or in /usr/sbin; null where there is none. */
export function findNginx(): Nginx | null {
  const find = 'command -v nginx || PATH=/usr/sbin:/usr/local/sbin command -v nginx'
  const path = spawnSync('sh', ['-c', find], { encoding: 'utf8' }).stdout.trim()
  if (path === '') return null
  const { stderr } = spawnSync(path, ['-v'], { encoding: 'utf8' })
  const [, version = 'unknown'] = /nginx\/(\S+)/.exec(stderr) ?? []
  return { path, version }
}

/** The upstream of the JSON scenarios: it answers before anything else could cost something. */
export async function startNginxUpstream(nginx: Nginx, pin: boolean) {
  const port = await freePort()
  const server = `
    access_log off;
    server {
      listen 127.0.0.1:${port} backlog=8192;
      location / { default_type application/json; return 200 '${piecesOf(null).join('')}'; }
    }`
  const running = await start(nginx, server, port, 'driver', pin)
  return { port, end: running.end }
}

/** A reverse proxy of one worker, with kept connections, and a log as gateways have one. */
export async function startNginx(
  nginx: Nginx,
  upstreams: Upstreams,
  pin: boolean,
): Promise<Contender> {
  const [json, paced] = [await freePort(), await freePort()]
  const passing = (name: string, port: number, to: number) => `
    upstream ${name} { server 127.0.0.1:${to}; keepalive 4096; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=8192;
      location / { proxy_pass http://${name}; }
    }`
  const servers = `
    access_log access.log;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_buffering off;
    ${passing('json', json, upstreams.json)}
    ${passing('paced', paced, upstreams.paced)}`
  const { pid, end } = await start(nginx, servers, paced, 'contender', pin)
  return {
    name: 'nginx',
    pids: [pid],
    json: plainDoor(json),
    paced: plainDoor(paced),
    peer: false,
    gauge: null,
    end,
  }
}

async function start(nginx: Nginx, servers: string, port: number, core: Core, pin: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'balance-bench-nginx-'))
  const config = join(folder, 'nginx.conf')
  writeFileSync(config, configuration(folder, servers))
  const program = startProgram([nginx.path, '-p', folder, '-c', config], folder, { core, pin })
  const child = new Child<never>(program)
  const end = async () => {
    await child.end()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await answers('nginx', program, port)
  } catch (error) {
    await end()
    throw error
  }
  return { pid: child.pid, end }
}

function configuration(folder: string, servers: string): string {
  // Its worker would else be somebody who may not enter the folder.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
  ${user}
  daemon off;
  worker_processes 1;
  worker_rlimit_nofile 65536;
  pid ${folder}/nginx.pid;
  error_log ${folder}/error.log warn;
  events { worker_connections 16384; }
  http {
    ${places.map(place => `${place}_temp_path ${folder}/${place};`).join('\n    ')}
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_max_body_size 0;
    client_body_buffer_size 4m;
    tcp_nodelay on;
    ${servers}
  }
  `
}
