import { userInfo } from 'node:os'

/** The number of the user who runs this process. */
export function userId(): number {
  return process.geteuid?.() ?? userInfo().uid
}

/** The user's name, or the number: in a container it may be that of no account. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `${userId()}`
  }
}
