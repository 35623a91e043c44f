/** One row of the audit: a change that was made, without secrets. */
export interface AuditEntry {
  readonly id: number
  /** The revision that it made, with others of the same command; of a login, the one in force then. */
  readonly revision: number
  /** Wall ms. */
  readonly time: number
  /** `user@host`, or which session of the dashboard. */
  readonly who: string
  /** The command as typed, without values, or the name of an operation. */
  readonly command: string
  /** `provider.change`, `setting.set.command`, … */
  readonly action: string
  /** Several keys go by their provider's name. */
  readonly subject: string
  /** Any JSON value; null where there was nothing, or is nothing any more. */
  readonly before: unknown
  readonly after: unknown
}

export interface AuditQuery {
  /** Most entries, newest first. */
  readonly limit: number
  /** Only entries with a smaller id: the next page. */
  readonly before?: number
  /**
   * Only those about what has this name: a setting, a provider and its keys, a key by its label, id or
   * `provider/label`, a token, a route; `provider/NAME` and the like where several have it. What was
   * changed together with others is found too.
   */
  readonly subject?: string
}
