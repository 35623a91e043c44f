/** What is kept of the dashboard's password: what scrypt made of it, and with what (RFC 7914). */
export interface AdminPassword {
  /** 32 bytes, hex. */
  readonly hash: string
  /** 16 random bytes, hex. */
  readonly salt: string
  /** N; a power of two. */
  readonly cost: number
  /** r. */
  readonly blockSize: number
  /** p. */
  readonly parallelization: number
}

/** A browser that is logged in to the dashboard. Times are wall ms of the store's clock. */
export interface AdminSession {
  /** Fit to be shown: it opens nothing. */
  readonly id: string
  readonly createdAt: number
  /** When it last asked for something; to the minute. */
  readonly seenAt: number
  /** It ends then at the latest. */
  readonly expiresAt: number
  /** The address that it logged in from. */
  readonly peer: string
}

export interface NewAdminSession {
  /** SHA-256 of what the browser's cookie holds, hex: all that is kept of it. */
  readonly hash: string
  readonly peer: string
  /** How it was shown that it may. */
  readonly by: 'password' | 'link'
  /** The same of the cookie that came with the login; its session ends. */
  readonly replaces: string | null
}

/** Logins that were refused within a minute or so. */
export interface FailedLogins {
  /** Whose password was compared, and was wrong. */
  readonly wrong: number
  /** That came too soon after others, and were not looked at. */
  readonly limited: number
  /** Where they came from; the first few. */
  readonly peers: readonly string[]
}

/** A session ends when nothing was asked for so long. */
export const ADMIN_IDLE_MS = 30 * 60_000

/** It ends after so long in any case. */
export const ADMIN_LIFE_MS = 12 * 3_600_000

/** How exactly it is known when a session was last seen. */
export const ADMIN_SEEN_MS = 60_000
