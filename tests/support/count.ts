/** How often a test repeats: `ci` always, `soak` under `npm run soak`. The code is the same. */
export function count(ci: number, soak: number): number {
  return process.env.BALANCE_SOAK ? soak : ci
}

/** The time a repeated test may take, ms. */
export const PATIENCE: number = count(120_000, 3_600_000)
