import type { Store } from '../model/store.ts'
import type { StoreParts } from './parts.ts'
import { cut } from './record-rows.ts'

/** Work that one node does for all who serve this store. No change either: no revision, no audit. */
export function leaseVerbs({ engine }: StoreParts): Pick<Store, 'takeLease'> {
  return {
    takeLease: (work, node, ms) =>
      engine.write(async db => {
        const now = await engine.wall(db)
        const lease = { node: cut(node), ends_at: now + ms }
        const { numUpdatedRows } = await db
          .updateTable('leases')
          .set(lease)
          .where('work', '=', cut(work))
          .where(row => row.or([row('node', '=', lease.node), row('ends_at', '<=', now)]))
          .executeTakeFirstOrThrow()
        if (numUpdatedRows > 0n) return true
        const held = await db
          .selectFrom('leases')
          .select('node')
          .where('work', '=', cut(work))
          .executeTakeFirst()
        if (held) return false
        await db
          .insertInto('leases')
          .values({ work: cut(work), ...lease })
          .execute()
        return true
      }),
  }
}
