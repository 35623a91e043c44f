/**
 * Why no connection through a proxy was made.
 * - `gone`: nobody listens there, or the name is unknown
 * - `refused`: it does not let us in: it wants other credentials
 * - `broken`: it fell silent, broke off, does not allow this connection, or speaks another protocol
 * - `beyond`: it says that it cannot reach the upstream, which may be the upstream's fault as well
 */
export type ProxyFaultKind = 'gone' | 'refused' | 'broken' | 'beyond'

/** The proxy failed before anything of a request was sent. */
export class ProxyFault extends Error {
  readonly code: string
  readonly kind: ProxyFaultKind

  /** @param code for the record, as `proxy_407` */
  constructor(kind: ProxyFaultKind, code: string, message: string) {
    super(message)
    this.kind = kind
    this.code = code
  }
}
