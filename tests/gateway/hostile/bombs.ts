import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'

const UNPACKED = 64 * 2 ** 20
const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** 64 MiB of zeros and more, in as few bytes as each coding has it. */
export function bombs(): { coding: string; bytes: Buffer }[] {
  const zeros = Buffer.alloc(UNPACKED)
  const gzip = gzipSync(zeros)
  return [
    { coding: 'gzip', bytes: gzip },
    { coding: 'deflate', bytes: deflateSync(zeros) },
    { coding: 'br', bytes: brotliCompressSync(zeros, QUICK) },
    { coding: 'zstd', bytes: zstd(UNPACKED) },
    {
      coding: 'gzip, gzip, br, gzip, gzip',
      bytes: gzipSync(gzipSync(brotliCompressSync(gzipSync(gzip)))),
    },
  ]
}

/** Blocks that repeat one byte (RFC 8878 §3.1.1.2.2): 128 KiB in four bytes. Node 20 can't make them. */
function zstd(unpacked: number): Buffer {
  const block = 131_072
  const count = unpacked / block
  const blocks = Array.from({ length: count }, (_, at) => {
    const header = (block << 3) | (1 << 1) | (at === count - 1 ? 1 : 0)
    return Buffer.from([header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, 0])
  })
  // A frame without a checksum, with a window of 128 KiB.
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks])
}
