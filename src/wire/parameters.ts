/** A parameter of a header's value; its name is in lower case. */
type Parameter = readonly [name: string, value: string]

/** Which field a part of a form is; `doubt`: readers of the form would not agree whether it is `model`. */
export type Field = 'model' | 'stream' | 'other' | 'doubt'

/**
 * Which field the part is that has these `Content-Disposition` headers; one, in a proper form.
 *
 * Only `name` counts (RFC 7578 §4.2). There are readers that decode `name*` (RFC 2231), and such as
 * take a backslash for itself: where theirs is another answer to whether this is `model`, it is in doubt.
 */
export function fieldOf(dispositions: readonly string[]): Field {
  const readings = [true, false].map(escapes => namesOf(dispositions, escapes))
  const names = readings.flat()
  if (!names.includes('model') && !isModelElsewhere(dispositions)) {
    return names.includes('stream') ? 'stream' : 'other'
  }
  const agree = readings.every(read => read.length > 0 && read.every(name => name === 'model'))
  return agree ? 'model' : 'doubt'
}

function namesOf(dispositions: readonly string[], escapes: boolean): string[] {
  return dispositions
    .flatMap(value => parametersOf(value, escapes))
    .flatMap(([name, value]) => (name === 'name' ? [value] : []))
}

/** Whether `name*`, or its pieces `name*0`, `name*1`, … put together, are read as `model`. */
function isModelElsewhere(dispositions: readonly string[]): boolean {
  const pieces = dispositions
    .flatMap(value => parametersOf(value, true))
    .filter(([name]) => name.startsWith('name*'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, value]) => value)
  return [...pieces, pieces.join('')].some(text => extendedValue(text) === 'model')
}

/** Without the charset and the language that stand before it. */
function extendedValue(text: string): string {
  const decoded = percentDecoded(text)
  return decoded.slice(decoded.lastIndexOf("'") + 1)
}

/**
 * The boundary that a `Content-Type` gives (RFC 2046 §5.1.1); null where it gives none, undefined where
 * readers would not agree on it.
 */
export function boundaryOf(contentType: string): string | null | undefined {
  const readings = [true, false].map(escapes => parametersOf(contentType, escapes))
  const given = readings.flat().filter(([name]) => name.startsWith('boundary'))
  if (given.length === 0) return null
  const [, boundary] = given[0] as Parameter
  const plain = given.every(([name, value]) => name === 'boundary' && value === boundary)
  const once = given.length === readings.length
  return plain && once && boundary !== '' ? boundary : undefined
}

/** The value of a parameter that is there once at most; null where it is not. */
export function parameterOf(header: string, wanted: string): string | null {
  return parametersOf(header, true).find(([name]) => name === wanted)?.[1] ?? null
}

/**
 * What follows the first token of a header's value, in its order (RFC 2045 §5.1).
 * @param escapes whether a backslash in quotes escapes what follows it, or stands for itself
 */
function parametersOf(header: string, escapes: boolean): Parameter[] {
  const found: Parameter[] = []
  let at = header.indexOf(';')
  while (at !== -1 && at < header.length) {
    const [, name = '', sign] = PARAMETER.exec(header.slice(at)) ?? []
    at += 1 + name.length
    if (sign === undefined) {
      at = header.indexOf(';', at)
      continue
    }
    const [value, end] = valueAt(header, at + sign.length, escapes)
    found.push([name.trim().toLowerCase(), value])
    at = header.indexOf(';', end)
  }
  return found
}

const PARAMETER = /^;([^=;]*)(=[ \t]*)?/

function valueAt(header: string, from: number, escapes: boolean): [value: string, end: number] {
  if (header[from] === '"') return quotedAt(header, from + 1, escapes)
  const end = header.indexOf(';', from)
  const stop = end === -1 ? header.length : end
  return [header.slice(from, stop).trim(), stop]
}

function quotedAt(header: string, from: number, escapes: boolean): [value: string, end: number] {
  let value = ''
  let at = from
  while (at < header.length && header[at] !== '"') {
    if (escapes && header[at] === '\\' && at + 1 < header.length) at++
    value += header[at++]
  }
  return [value, at + 1]
}

function percentDecoded(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
