/**
 * Values that stand in examples and images of OpenAI Balance, and in its relatives': whoever knows
 * them is let in, and no vendor takes them.
 */
const KNOWN =
  /^(sk-123456|sk-xxx+|(sk-)?your[_-].*|(sk-)?test|changeme|change[_-]me|xxx+|admin|password|123456)$/i

export function isKnownSecret(value: string): boolean {
  return KNOWN.test(value)
}

/** What is wrong with a key that is brought along, as a sentence without its subject; null for a good one. */
export function keyFault(value: string): string | null {
  if (isKnownSecret(value)) return 'an example that no vendor takes'
  if (value.startsWith('bal_')) return 'a client token of balance'
  if (/^(env|file):/.test(value)) return 'a reference, and no key'
  return /^[\x21-\x7e]{1,4096}$/.test(value)
    ? null
    : 'it holds what no key can (blanks, other than ASCII)'
}
