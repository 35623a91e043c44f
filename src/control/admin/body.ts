import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { BalanceError } from '../../base/errors.ts'

/** A body that takes longer to arrive comes from nobody's page. */
const PATIENCE_MS = 10_000

/**
 * The JSON that a request brings; an empty body is `{}`.
 * @param most bytes
 * @throws BalanceError unsupported_media_type, request_too_large, request_timeout, invalid_body
 */
export async function readJson(
  request: IncomingMessage,
  most: number,
  clock: Clock,
): Promise<unknown> {
  const { 'content-type': type = '', 'content-encoding': coding } = request.headers
  if (!/^application\/json(\s*;\s*charset=utf-8)?$/i.test(type) || coding !== undefined) {
    throw new BalanceError('unsupported_media_type', 'Only application/json is taken here.')
  }
  const bytes = await readBytes(request, most, clock)
  if (bytes.length === 0) return {}
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw new BalanceError('invalid_body', 'The body is not JSON.', { cause })
  }
}

function readBytes(request: IncomingMessage, most: number, clock: Clock): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const end = (error: BalanceError | null) => {
      late.stop()
      if (size > most)
        reject(new BalanceError('request_too_large', `More than ${most} bytes came.`))
      else if (error !== null) reject(error)
      else resolve(Buffer.concat(chunks))
    }
    const late = clock.after(PATIENCE_MS, () =>
      end(new BalanceError('request_timeout', 'The body did not arrive in time.')),
    )
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      // Read to its end all the same: leaving would close the connection before the answer.
      if (size <= most) chunks.push(chunk)
      else chunks.length = 0
    })
    request.once('end', () => end(null))
    request.once('close', () => end(new BalanceError('client_closed', 'The browser left.')))
  })
}
