import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'

const LONGEST = 2_048

/**
 * A provider's base URL as it is kept: scheme, host, maybe a path, no trailing slash.
 * @throws BalanceError invalid_value
 */
export function checkBaseUrl(given: string): string {
  const url = parse(given.trim())
  if (url.username !== '' || url.password !== '') {
    // Not repeated: what stands before the @ may be a key.
    throw new BalanceError('invalid_value', 'A base URL holds no user name or password.', {
      hint: 'Add the key with balance keys add.',
    })
  }
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(given)) {
    throw invalid(given, 'has a query or a fragment', 'Leave out what begins with ? or #.')
  }
  const kept = url.origin + url.pathname.replace(/(?<!\/)\/+$/, '')
  if (kept.length <= LONGEST) return kept
  throw invalid(given, 'is too long', `It may have ${LONGEST} characters.`)
}

/** Where a key added for this base URL may be sent: scheme, host and port. */
export function originOf(baseUrl: string): string {
  // A row that was tampered with has no origin, so what was sealed for one does not open.
  return URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl
}

function parse(given: string): URL {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(given)) {
    throw invalid(given, 'has no scheme', `Did you mean https://${printable(given, 200)}?`)
  }
  if (!/^https?:/i.test(given)) {
    throw invalid(given, 'is neither http nor https', 'Write it like https://api.openai.com/v1.')
  }
  try {
    if (!/[\\\s]/.test(given)) return new URL(given)
  } catch {
    // Falls through to the one message for both.
  }
  throw invalid(given, 'is malformed', 'Write it like https://api.openai.com/v1.')
}

function invalid(given: string, what: string, hint: string): BalanceError {
  return new BalanceError('invalid_value', `The base URL "${printable(given, 200)}" ${what}.`, {
    hint,
  })
}
