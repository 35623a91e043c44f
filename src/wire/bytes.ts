/** Bytes that JSON and event streams are told apart by. */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const LF = 0x0a
export const CR = 0x0d
export const SPACE = 0x20
const TAB = 0x09

/** White space as JSON has it (RFC 8259 §2). */
export function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB
}
