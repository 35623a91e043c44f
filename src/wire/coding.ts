import { brotliDecompressSync, constants, inflateSync, unzipSync } from 'node:zlib'

/** More than this is not unpacked: 50 MB of zeros fit into 89 bytes. */
const MOST_UNPACKED = 65_536

const PLAIN = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_UNPACKED }
const BROTLI = {
  finishFlush: constants.BROTLI_OPERATION_FLUSH,
  maxOutputLength: MOST_UNPACKED,
}

/**
 * What stands in a coded body (RFC 9110 §8.4.1), to be looked at; it may be cut short. Null where that
 * can't be told: a coding we can't read, several of them on top of each other, or too much inside.
 */
export function unpacked(body: Buffer, coding: string): Buffer | null {
  try {
    switch (coding.trim().toLowerCase()) {
      case 'identity':
      case '':
        return body
      case 'gzip':
      case 'x-gzip':
        return unzipSync(body, PLAIN)
      case 'deflate':
        return inflateSync(body, PLAIN)
      case 'br':
        return brotliDecompressSync(body, BROTLI)
      default:
        return null
    }
  } catch {
    return null
  }
}
