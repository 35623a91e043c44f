import { type NewNode, NODE_GONE_MS } from '../model/node.ts'
import type { Store } from '../model/store.ts'
import type { StoreParts } from './parts.ts'
import { cut } from './record-rows.ts'

type NodeVerbs = Pick<Store, 'announce' | 'nodes' | 'depart'>

/** Who serves this store. None of it is a change: no revision, no audit. */
export function nodeVerbs({ engine }: StoreParts): NodeVerbs {
  return {
    announce: node =>
      engine.write(async db => {
        const seen = await engine.wall(db)
        const row = { ...written(node), seen }
        const { numUpdatedRows } = await db
          .updateTable('nodes')
          .set(row)
          .where('id', '=', row.id)
          .executeTakeFirstOrThrow()
        if (numUpdatedRows > 0n) return
        // The dead do not depart: whoever comes sweeps up behind them.
        await db
          .deleteFrom('nodes')
          .where('seen', '<', seen - NODE_GONE_MS)
          .execute()
        await db.insertInto('nodes').values(row).execute()
      }),

    nodes: () =>
      engine.query(async db => {
        const since = (await engine.wall(db)) - NODE_GONE_MS
        return db.selectFrom('nodes').selectAll().where('seen', '>=', since).orderBy('id').execute()
      }),

    depart: node =>
      engine.write(async db => {
        await db.deleteFrom('nodes').where('id', '=', cut(node)).execute()
        await db.deleteFrom('leases').where('node', '=', cut(node)).execute()
      }),
  }
}

function written({ id, url, version, workers, revision, started }: NewNode): NewNode {
  return { id: cut(id), url: cut(url), version: cut(version), workers, revision, started }
}
