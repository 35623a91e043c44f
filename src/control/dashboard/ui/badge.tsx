import type { KeyCondition } from '../data/contract.ts'
import { NONE } from '../data/format.ts'
import { t } from '../text/text.ts'

export type Tone = 'good' | 'wait' | 'bad' | 'off' | 'plain'

/** A state as a shape, a colour and a word; no two states have the same shape. */
export function Badge({ tone, shape, text }: { tone: Tone; shape?: Shape; text: string }) {
  return (
    <span class={`badge ${tone}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={SHAPES[shape ?? SHAPE_OF[tone]]} />
      </svg>
      {text}
    </span>
  )
}

export function KeyState({ state }: { state: KeyCondition }) {
  return <Badge {...KEY_STATES[state]} text={t(`state.${state}`)} />
}

/** An HTTP status: `4xx` is the caller's doing, `5xx` failed. */
export function Status({ status }: { status: number | null }) {
  if (status === null) return <span>{NONE}</span>
  const tone = status >= 500 ? 'bad' : status >= 400 ? 'wait' : 'good'
  return <Badge tone={tone} text={String(status)} />
}

const SHAPES = {
  disc: 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1z',
  ring: 'M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1zm0 2a3 3 0 1 1 0 6A3 3 0 1 1 6 3z',
  glass: 'M2 1h8v2L7 6l3 3v2H2V9l3-3-3-3z',
  square: 'M1 1h10v10H1z',
  cross: 'M2.5 1 6 4.5 9.5 1 11 2.5 7.5 6 11 9.5 9.5 11 6 7.5 2.5 11 1 9.5 4.5 6 1 2.5z',
  diamond: 'M6 0l6 6-6 6-6-6z',
  triangle: 'M6 1l5.5 10H.5z',
  bar: 'M1 4.5h10v3H1z',
} as const
type Shape = keyof typeof SHAPES

const SHAPE_OF: Readonly<Record<Tone, Shape>> = {
  good: 'disc',
  wait: 'triangle',
  bad: 'cross',
  off: 'bar',
  plain: 'ring',
}

export const KEY_STATES: Readonly<Record<KeyCondition, { tone: Tone; shape: Shape }>> = {
  active: { tone: 'good', shape: 'disc' },
  cooling: { tone: 'wait', shape: 'glass' },
  exhausted: { tone: 'wait', shape: 'square' },
  invalid: { tone: 'bad', shape: 'cross' },
  sealed: { tone: 'bad', shape: 'diamond' },
  disabled: { tone: 'off', shape: 'bar' },
}

export const KEY_CONDITIONS = Object.keys(KEY_STATES) as KeyCondition[]
