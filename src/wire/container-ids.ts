/** In a string of JSON its quotes would have backslashes: so a member is found, and nothing that a model says. */
const NAME = Buffer.from('"container_id"')
const MEMBER = /^"container_id"\s*:\s*"(cntr_[\w-]{4,128})"/
/** No such member is longer. */
const LONGEST = 160
const NOTHING = Buffer.alloc(0)

/**
 * The containers that the entries of a response's output say they ran in, as its bytes come: OpenAI makes one
 * where a tool has `container: {type: "auto"}`, and its files are fetched by that id.
 * https://platform.openai.com/docs/guides/tools-code-interpreter
 */
export class ContainerIds {
  readonly #told = new Set<string>()
  /** The end of what came, in which a member may have begun. */
  #tail: Buffer = NOTHING

  /** Those that were not there before. */
  push(chunk: Buffer): readonly string[] {
    const bytes = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk])
    const ids: string[] = []
    let from = Math.max(0, bytes.length - NAME.length + 1)
    for (let at = bytes.indexOf(NAME); at !== -1; at = bytes.indexOf(NAME, at + NAME.length)) {
      const id = MEMBER.exec(bytes.toString('latin1', at, at + LONGEST))?.[1]
      if (id === undefined && bytes.length - at < LONGEST) {
        from = at
        break
      }
      if (id === undefined || this.#told.has(id)) continue
      this.#told.add(id)
      ids.push(id)
    }
    this.#tail = Buffer.from(bytes.subarray(from))
    return ids
  }
}
