/** Models with a breaker or a lane of their own at once: clients may ask for any they can think of. */
const MOST_MODELS = 256

/** Makes room for one more model. */
export function evictOldest(byModel: Map<string, unknown>): void {
  if (byModel.size < MOST_MODELS) return
  const [oldest] = byModel.keys()
  if (oldest !== undefined) byModel.delete(oldest)
}
