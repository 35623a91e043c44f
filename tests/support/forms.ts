import fc from 'fast-check'

/** One part of a form, as its bytes are between two delimiters. */
export interface Part {
  readonly head: string
  readonly content: Buffer
}

export function field(name: string, value: string): Part {
  return { head: `Content-Disposition: form-data; name="${name}"`, content: Buffer.from(value) }
}

export function file(name: string, filename: string, content: Buffer): Part {
  return {
    head: `Content-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: application/octet-stream`,
    content,
  }
}

/** The bytes of a form (RFC 7578). */
export function form(boundary: string, ...parts: readonly Part[]): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ head, content }) => [
      Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`, 'latin1'),
      content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`, 'latin1'),
  ])
}

/** Boundaries as clients make them; also such as begin with hyphens, or need quotes. */
export const boundary = fc.oneof(
  fc.stringMatching(/^[0-9A-Za-z]{1,70}$/),
  fc.stringMatching(/^-{0,30}[0-9A-Za-z]{8,24}$/),
  fc.stringMatching(/^[0-9A-Za-z'()+_,./:=?]{8,40}$/),
)

/** Bytes that look like a form's own, but for the boundary. */
export const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      fc
        .constantFrom('\r\n', '\n', '\r', '--', '-', '\r\n--', '\r\n\r\n', 'name="model"', '"')
        .map(text => Buffer.from(text)),
    ),
    { maxLength: 12 },
  )
  .map(pieces => Buffer.concat(pieces))

/** A field's or a file's name, with what clients escape in it. */
export const filename = fc.constantFrom(
  'speech.mp3',
  'a b.wav',
  '; name=x; .png',
  '\u00e4\u00f6.webm',
  '%22quoted%22.bin',
  "it's.txt",
  '',
)
