import fc from 'fast-check'

/** Where to cut a document of any length, as fractions of it. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

/** The bytes in pieces; a piece may be empty. */
export function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const borders = [...at.map(part => Math.floor(part * bytes.length)), bytes.length]
  borders.sort((a, b) => a - b)
  let from = 0
  return borders.map(to => {
    // A copy of its own, so that nothing can be read beyond the piece.
    const piece = Buffer.from(bytes.subarray(from, to))
    from = to
    return piece
  })
}

export function singleBytes(bytes: Buffer): Buffer[] {
  return [...bytes].map(byte => Buffer.from([byte]))
}
