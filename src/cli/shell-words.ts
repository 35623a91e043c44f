export const SHELLS = ['bash', 'zsh', 'sh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const PLAIN = /^[\w@%+:,./-]+$/

/** A word of POSIX shells: nothing in single quotes means anything. */
export function quoted(value: string): string {
  return PLAIN.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}

/** In fish a backslash escapes inside single quotes too. */
export function quotedForFish(value: string): string {
  return PLAIN.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`
}
