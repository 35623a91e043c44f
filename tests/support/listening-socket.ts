import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Stream } from 'node:stream'

/** A socket that listens and on which this process accepts nothing, as systemd has one. */
export interface ListeningSocket {
  readonly port: number
  /** What spawn() takes for a descriptor; Node's own handle, which its types call a stream. */
  readonly handle: Stream
  close(): void
}

interface Handle extends Stream {
  close(): void
}

/** To listen is to accept, in Node. So another process does, and sends the bare handle. */
const OPENER = `
const server = require('node:net').createServer()
server.listen(Number(process.argv[1]) || process.argv[1], process.argv[2], () => {
  process.send(server.address().port ?? 0, server._handle)
})
process.on('disconnect', () => process.exit())`

/** @param path of a Unix socket, in place of a host and any port */
export function listeningSocket(host: string, path?: string): Promise<ListeningSocket> {
  const opener = spawn(process.execPath, ['-e', OPENER, path ?? '0', host], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    opener.once('message', (port, handle) => {
      const given = handle as unknown as Handle
      // Until it has ended it would accept, too.
      opener
        .removeAllListeners('exit')
        .once('exit', () =>
          resolve({ port: Number(port), handle: given, close: () => given.close() }),
        )
      opener.disconnect()
    })
    opener.once('exit', code => reject(new Error(`The opener ended with ${code}.`)))
  })
}

/** The inodes of the sockets that listen at this port, on this host. */
export function inodesListening(port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return ['tcp', 'tcp6'].flatMap(name =>
    readFileSync(`/proc/net/${name}`, 'utf8')
      .split('\n')
      .map(line => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${wanted}`) && state === '0A')
      .map(fields => fields[9] as string),
  )
}
