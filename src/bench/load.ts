import { reportReady } from './child.ts'
import { Crowd, type CrowdOrder, type CrowdReport } from './crowd.ts'
import { type Drive, type DriveOrder, Driver } from './driver.ts'

/** What the load generator is asked: requests to make, or a crowd of streams to hold, look at, and see out. */
export type Order =
  | { readonly drive: DriveOrder }
  | { readonly gather: CrowdOrder }
  | { readonly look: true }
  | { readonly finish: true }

/** What it says to that: a drive to `drive`, a crowd's report to all others, a failure to any. */
export type Loaded = Drive | CrowdReport | { readonly failed: string }

/** The load generator, in a process of its own; it takes orders by message, one at a time. */
export function runLoad(): void {
  let crowd: Crowd | null = null
  const carryOut = async (order: Order): Promise<Drive | CrowdReport> => {
    if ('drive' in order) return new Driver(order.drive).drive()
    if ('gather' in order) {
      crowd = new Crowd(order.gather)
      return crowd.gather()
    }
    if (crowd === null) throw new Error('No streams were asked for.')
    return 'look' in order ? crowd.look() : crowd.finish()
  }
  process.on('message', (order: Order) => {
    void carryOut(order)
      .catch(error => ({ failed: (error as Error).message }))
      .then(said => process.send?.(said))
  })
  reportReady(0)
}

/** @throws Error with what the load generator says went wrong */
export function driven(said: Loaded): Drive {
  if ('p50' in said) return said
  throw new Error('failed' in said ? said.failed : 'The load generator told of streams.')
}

/** @throws Error with what the load generator says went wrong */
export function gathered(said: Loaded): CrowdReport {
  if ('open' in said) return said
  throw new Error('failed' in said ? said.failed : 'The load generator told of requests.')
}
