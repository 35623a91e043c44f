/**
 * Rendezvous hashing (highest random weight, Thaler and Ravishankar 1998): each key belongs to the
 * candidate that scores highest with it. It depends on nothing but the two ids, so it survives
 * restarts; where a candidate goes only its keys move, and where one comes only those that it wins.
 * @returns null where there is no candidate
 */
export function ownerOf<T extends { readonly id: string }>(
  keyId: string,
  candidates: Iterable<T>,
): T | null {
  let owner: T | null = null
  let most = -1
  for (const candidate of candidates) {
    const score = scoreOf(`${keyId} ${candidate.id}`)
    if (score < most || (score === most && owner !== null && candidate.id > owner.id)) continue
    owner = candidate
    most = score
  }
  return owner
}

/** FNV-1a with the last mixing of MurmurHash3, which spreads ids that differ in one character. */
function scoreOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
