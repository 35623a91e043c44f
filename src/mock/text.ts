/**
 * What the simulated model says, one token a piece. It holds two-, three- and four-byte characters,
 * so that a chunk border inside one of them shows.
 */
const PIECES = [
  'The',
  ' morning',
  ' light',
  ' came',
  ' slowly',
  ' over',
  ' the',
  ' harbour',
  ',',
  ' and',
  ' the',
  ' little',
  ' caf',
  'é',
  ' on',
  ' the',
  ' quay',
  ' was',
  ' already',
  ' open',
  '…',
  ' Someone',
  ' had',
  ' set',
  ' out',
  ' cups',
  ',',
  ' a',
  ' jar',
  ' of',
  ' honey',
  ' 🍯',
  ' and',
  ' warm',
  ' bread',
  '.',
  ' “',
  'Stay',
  ' a',
  ' while',
  ',”',
  ' it',
  ' seemed',
  ' to',
  ' say',
  '.\n',
]

/** The piece at this place; the text begins anew when it is over. */
export function piece(index: number): string {
  return PIECES[index % PIECES.length] as string
}

/** The first `tokens` pieces as one text. */
export function passage(tokens: number): string {
  const known = passages.get(tokens)
  if (known !== undefined) return known
  let text = ''
  for (let index = 0; index < tokens; index++) text += piece(index)
  if (passages.size < 64) passages.set(tokens, text)
  return text
}

const passages = new Map<number, string>()

/** A plausible number of tokens for this many bytes of JSON. */
export function tokensOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 4))
}
