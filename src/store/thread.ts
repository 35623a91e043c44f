import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../base/clock.ts'
import type { Catalog } from '../model/catalog.ts'
import { CatalogueSender } from '../model/catalogue-slices.ts'
import type { Store } from '../model/store.ts'
import { type Call, pack, packError, type Reply, unpackArgs, unpackOptions } from './message.ts'
import { openStore } from './open.ts'

/** Entry of the store's worker thread: opens the store, then answers calls until `close`. */

if (!parentPort) throw new Error('This file runs as a worker thread.')
const port = parentPort
const sender = new CatalogueSender()

try {
  const store = await openStore({ ...unpackOptions(workerData), clock: systemClock })
  port.on('message', (call: Call) => void answer(store, call))
  send({ opened: { url: store.url } })
} catch (error) {
  send({ opened: { error: packError(error) } })
}

async function answer(own: Store, { id, verb, args, as }: Call): Promise<void> {
  try {
    const store = as === null ? own : own.as(as.actor, as.revision ?? undefined)
    const run = store[verb] as (...args: unknown[]) => Promise<unknown>
    const value = await run(...unpackArgs(args, verb))
    if (verb === 'catalog') tell(id, value as Catalog)
    else send({ id, value: pack(value, verb) })
  } catch (error) {
    send({ id, error: packError(error) })
  }
  if (verb === 'close') port.close()
}

/** Without a pause between them, or those of two catalogues could mix. */
function tell(id: number, catalog: Catalog): void {
  for (const slice of sender.slices(catalog)) send({ id, slice })
}

function send(reply: Reply): void {
  port.postMessage(reply)
}
