/** Whether a name fits a pattern in which `*` stands for any run of characters; no other wildcards. */
export function globMatches(pattern: string, name: string): boolean {
  const parts = pattern.split('*')
  const first = parts[0] as string
  if (parts.length === 1) return pattern === name
  const last = parts[parts.length - 1] as string
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let at = first.length
  const end = name.length - last.length
  // The leftmost match of each part is always as good as any other, so there is no backtracking.
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= end
}
