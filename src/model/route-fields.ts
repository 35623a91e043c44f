import { BalanceError } from '../base/errors.ts'
import { printable } from '../base/text.ts'

/** What tells a target from the others of its route. */
export interface TargetPlace {
  /** Name of its provider. */
  readonly provider: string
  /** The model asked for there; null: the one the client asked for. */
  readonly model: string | null
}

/** 1 to 256 visible characters; blanks and commas would part a list of names. */
const NAME = /^[^\s,\p{C}]{1,256}$/u

/** Whether clients can ask for a model of this name, or for some that this glob fits. */
export function isRouteModel(text: string): boolean {
  return NAME.test(text)
}

/** Whether a provider can be asked for a model of this name: a glob is none. */
export function isTargetModel(text: string): boolean {
  return NAME.test(text) && !text.includes('*')
}

/**
 * `openai` or `openai:gpt-4o`: a target as operators write it. Models may hold colons (`llama3:8b`),
 * names of providers have none. Whether there is such a provider and model is not asked.
 * @throws BalanceError invalid_value
 */
export function parseTarget(text: string): TargetPlace {
  const [, provider = '', model] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? []
  if (provider !== '' && model !== '') return { provider, model: model ?? null }
  throw new BalanceError('invalid_value', `"${printable(text, 80)}" is no target.`, {
    hint: 'Write PROVIDER, where the model is to be the one asked for, or PROVIDER:MODEL.',
  })
}

/** The same the other way. */
export function spellTarget({ provider, model }: TargetPlace): string {
  return model === null ? provider : `${provider}:${model}`
}
