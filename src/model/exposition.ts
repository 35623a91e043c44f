/** All metrics of a daemon as one document, in a format that Prometheus reads. */
export interface Exposition {
  readonly contentType: string
  readonly text: string
}

/** Asks the owner of a gateway for its metrics; rejects where it cannot make them now. */
export type Expose = () => Promise<Exposition>
