import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { BalanceError } from '../base/errors.ts'
import type { Secret } from '../base/secret.ts'

/**
 * A new file that only its owner may read, there before the token is made: a token that could not
 * be written down would be lost.
 */
export class TokenFile {
  readonly path: string
  readonly #descriptor: number

  /** @throws BalanceError name_taken where it is there already; failed where it cannot be made */
  constructor(path: string) {
    this.path = path
    try {
      this.#descriptor = openSync(path, 'wx', 0o600)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EEXIST') {
        throw new BalanceError('name_taken', `The file ${path} is there already.`, {
          hint: 'Name another one, or move it away. No token was made.',
          cause,
        })
      }
      throw new BalanceError('failed', `The file ${path} cannot be made (${code}).`, {
        hint: 'Check its folder and its permissions. No token was made.',
        cause,
      })
    }
  }

  write(token: Secret): void {
    writeSync(this.#descriptor, `${token.reveal()}\n`)
    closeSync(this.#descriptor)
  }

  /** No token was made after all. */
  remove(): void {
    closeSync(this.#descriptor)
    unlinkSync(this.path)
  }
}
