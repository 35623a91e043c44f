/** Token counts as the answer itself gave them; null where it gave none. */
export interface Usage {
  prompt: number | null
  /** The part of `prompt` that was read from the vendor's cache. */
  cached: number | null
  completion: number | null
  /** The part of `completion` spent on reasoning. */
  reasoning: number | null
}

export function noUsage(): Usage {
  return { prompt: null, cached: null, completion: null, reasoning: null }
}
