import { chmodSync } from 'node:fs'
import type { Server } from 'node:http'

/**
 * Has a server listen at a path of ours, 0600.
 * @returns false where something is at the path already
 */
export function listenPrivately(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error)
    server.once('error', failed)
    // The socket is made inside listen(), with the modes that the umask leaves.
    const umask = process.umask(0o177)
    server.listen(path, () => {
      server.off('error', failed)
      chmodSync(path, 0o600)
      resolve(true)
    })
    process.umask(umask)
  })
}
