/** What records of the same labels come to. */
export interface Sum {
  readonly provider: string
  readonly model: string
  readonly endpoint: string
  readonly code: string
  readonly outcome: string
  requests: number
  /** Attempts that did not fail. */
  worked: number
  /** Tokens. */
  prompt: number
  cached: number
  completion: number
  reasoning: number
  /** Bytes. */
  received: number
  sent: number
}

export function newSum(
  provider: string,
  model: string,
  endpoint: string,
  code: string,
  outcome: string,
): Sum {
  return {
    provider,
    model,
    endpoint,
    code,
    outcome,
    requests: 0,
    worked: 0,
    prompt: 0,
    cached: 0,
    completion: 0,
    reasoning: 0,
    received: 0,
    sent: 0,
  }
}
