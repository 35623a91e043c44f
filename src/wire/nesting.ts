import { NESTING_MODULE } from './nesting-module.ts'

/** As much text is looked at in one go: a page of WebAssembly's memory, and what Node reads of a socket. */
const WINDOW = 65_536
/** Bytes of a step; what is left behind the last whole one is not looked at. */
const STEP = 64

/**
 * Goes over JSON text where nothing but nesting matters, in WebAssembly (`nesting.wat`), ten times as
 * fast as byte by byte. It is given a place, and has the place where it stopped afterwards.
 */
export class Nesting {
  readonly #exports: Exports
  readonly #window: Uint8Array
  /** Brackets that are open, whether the place is inside a string, and whether its byte is escaped. */
  readonly #place: Int32Array
  /** What the window holds of which text. */
  #text: Buffer | null = null
  #from = 0
  #end = 0

  constructor(exports: Exports) {
    this.#exports = exports
    this.#window = new Uint8Array(exports.memory.buffer, 0, WINDOW)
    this.#place = new Int32Array(exports.memory.buffer, WINDOW, 3)
  }

  get depth(): number {
    return this.#place[0] as number
  }

  get inString(): boolean {
    return this.#place[1] === 1
  }

  get escaped(): boolean {
    return this.#place[2] === 1
  }

  /**
   * Goes on to before the bracket that leaves none open, or, where none is, to before the quote that
   * ends the string; where neither comes, to some place before. Gives the place.
   * @param depth brackets that are open; where it is 0, `inString` is true
   */
  skip(text: Buffer, from: number, depth: number, inString: boolean, escaped: boolean): number {
    this.#place[0] = depth
    this.#place[1] = inString ? 1 : 0
    this.#place[2] = escaped ? 1 : 0
    if (text.length - from < STEP) return from
    if (this.#text !== text || from < this.#from || from + STEP > this.#end) this.#load(text, from)
    return this.#from + this.#exports.skip(from - this.#from, this.#end - this.#from)
  }

  #load(text: Buffer, from: number): void {
    this.#text = text
    this.#from = from
    this.#end = Math.min(text.length, from + WINDOW)
    this.#window.set(text.subarray(from, this.#end))
  }

  /** The text may be changed from now on, or freed. */
  forget(): void {
    this.#text = null
  }
}

/** What the module gives. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  skip(at: number, end: number): number
}

/** Of WebAssembly's JavaScript interface what is used; Node's types leave it to those of browsers. */
interface WebAssemblyInterface {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

/** Null: not here, as under `--jitless`; undefined: not tried yet. */
let shared: Nesting | null | undefined

/** The one of this thread, for all scans: whoever uses it is through with it before another can begin. */
export function sharedNesting(): Nesting | null {
  if (shared === undefined) shared = openNesting()
  return shared
}

/** Null where there is no WebAssembly, or where it refuses the module: not every processor has its SIMD. */
export function openNesting(): Nesting | null {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyInterface }
  if (WebAssembly === undefined) return null
  try {
    const module = new WebAssembly.Module(Buffer.from(NESTING_MODULE, 'base64'))
    return new Nesting(new WebAssembly.Instance(module).exports as Exports)
  } catch {
    return null
  }
}
