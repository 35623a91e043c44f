/** The network an address belongs to: who has one address of IPv6 has the 2^64 around it as well. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.split('::')
  const groups = head.split(':')
  const rest = tail === undefined ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : 8 - groups.length - rest.length
  return [...groups, ...Array.from({ length: gap }, () => '0'), ...rest].slice(0, 4).join(':')
}

/** Whether who has this address is on this host. */
export function isLoopbackPeer(address: string | undefined): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(address ?? '')
}
