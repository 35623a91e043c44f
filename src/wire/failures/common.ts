import type { FailureTable } from './rule.ts'

/** What a status says where no vendor's row says more. Each dialect's table ends with these. */
export const COMMON: FailureTable = {
  rules: [
    { status: 401, fault: 'auth' },
    { status: 402, fault: 'quota' },
    { status: 408, fault: 'provider', reach: 'ambiguous' },
    // A conflict passes: the official clients try it again too.
    { status: 409, fault: 'client', retry: 'same' },
    { status: 424, fault: 'provider', reach: 'ambiguous' },
    { status: 429, fault: 'rate' },
    { status: 498, fault: 'provider' },
    { status: 499, fault: 'provider', reach: 'ambiguous' },
    // A 403 that names nothing we know is among these (moderation, guardrails, an edge that forbids):
    // it must not cost a key.
    { status: [400, 499], fault: 'client' },
    { status: [300, 399], fault: 'provider', retry: 'target', error: 'upstream_error' },
    // An edge in between answered; what it stands before may be at work still.
    { status: 502, fault: 'provider', reach: 'ambiguous' },
    { status: 504, fault: 'provider', reach: 'ambiguous' },
    { status: [520, 526], fault: 'provider', reach: 'ambiguous' },
    { status: 530, fault: 'provider', reach: 'ambiguous' },
    { status: [500, 599], fault: 'provider' },
  ],
  statusOf: {},
}
