import { printable } from '../base/text.ts'
import { type ModelShape, modelList } from '../control/model-list.ts'
import { plural } from './plural.ts'
import type { Session } from './session.ts'

/** Prints the provider's own list of its models: those that are served, or all. */
export async function showModels(session: Session, name: string, all: boolean): Promise<void> {
  await session.flush()
  const store = await session.store()
  await store.provider(name)
  const models = await modelList(await store.catalog(), name, session.clock)
  const hidden = models.filter(({ served }) => !served).length
  const { out } = session
  out.show(all ? models : models.filter(({ served }) => served), () =>
    models.flatMap(model => (model.served || all ? lineOf(model) : [])).join('\n'),
  )
  if (models.length === 0) out.say(`${name} lists no model.`)
  if (hidden === 0 || all) return
  out.say(`${plural(hidden, 'model')} hidden by the models setting of ${name}; --all shows them`)
}

function lineOf({ id, served }: ModelShape): string {
  return served ? printable(id) : `${printable(id)}  (not served)`
}
