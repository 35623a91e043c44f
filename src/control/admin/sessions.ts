import { hash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BalanceError } from '../../base/errors.ts'
import { ADMIN_LIFE_MS, type AdminSession, type NewAdminSession } from '../../model/admin.ts'
import type { Store } from '../../model/store.ts'

/** With this prefix browsers take it from this very host only, with Secure and for every path. */
const COOKIE = '__Host-balance'
const ATTRIBUTES = 'Secure; HttpOnly; SameSite=Strict; Path=/'
/** 256 random bits. */
const VALUE = /^[\w-]{43}$/

type SessionStore = Pick<Store, 'adminSession' | 'openAdminSession' | 'closeAdminSession'>

/** Sessions by the cookie that a browser sends. The store is asked each time: what was revoked is over. */
export class Sessions {
  readonly #store: SessionStore

  constructor(store: SessionStore) {
    this.#store = store
  }

  /**
   * @param active whether this request shows somebody at work; not what the page asks by itself, and says so
   * @throws BalanceError no_session
   */
  async require(request: IncomingMessage, active = true): Promise<AdminSession> {
    const unasked = request.headers['x-balance-unasked'] === '1'
    const session = await this.of(request, active && !unasked)
    if (session !== null) return session
    throw new BalanceError('no_session', 'You are not logged in.', {
      hint: 'Log in at /admin/, or: balance dashboard',
    })
  }

  /** @param active as of {@link require} */
  async of(request: IncomingMessage, active: boolean): Promise<AdminSession | null> {
    const digest = digestIn(request)
    return digest === null ? null : this.#store.adminSession(digest, active)
  }

  /** Begins a session under a new cookie; one whose cookie came along is given up. */
  async open(
    request: IncomingMessage,
    response: ServerResponse,
    how: Pick<NewAdminSession, 'peer' | 'by'>,
  ): Promise<AdminSession> {
    const value = randomBytes(32).toString('base64url')
    const session = await this.#store.openAdminSession({
      ...how,
      hash: digestOf(value),
      replaces: digestIn(request),
    })
    response.setHeader(
      'set-cookie',
      `${COOKIE}=${value}; ${ATTRIBUTES}; Max-Age=${ADMIN_LIFE_MS / 1_000}`,
    )
    return session
  }

  async end({ id }: AdminSession, response: ServerResponse): Promise<void> {
    await this.#store.closeAdminSession(id)
    response.setHeader('set-cookie', `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`)
  }
}

/** Null where there is no cookie of ours, or more than one. */
function digestIn({ headers }: IncomingMessage): string | null {
  const values = (headers.cookie ?? '')
    .split(';')
    .map(pair => pair.trim())
    .filter(pair => pair.startsWith(`${COOKIE}=`))
    .map(pair => pair.slice(COOKIE.length + 1))
  const [value = ''] = values
  return values.length === 1 && VALUE.test(value) ? digestOf(value) : null
}

function digestOf(value: string): string {
  return hash('sha256', value, 'hex')
}
