import * as z from 'zod'

/**
 * - `read`: changes nothing; `GET` over HTTP, where values are texts
 * - `change`: answered once it is in force
 * - `rows`: a document a line, as they come
 */
export type OperationKind = 'read' | 'change' | 'rows'

/** `socket`: for whoever may open the control socket; `all`: for the dashboard's sessions too. */
export type Door = 'socket' | 'all'

declare const ANSWER: unique symbol

/** One thing that operators may ask a running daemon for. */
export interface Operation<In, Out, Kind extends OperationKind = OperationKind, Given = unknown> {
  readonly input: z.ZodType<In, Given>
  readonly kind: Kind
  readonly door: Door
  /** Most bytes of what is given. */
  readonly largest: number
  /** What comes out, or each row; for the compiler alone. */
  readonly [ANSWER]?: Out
}

const LARGEST = 1_048_576

/** Who asks, at whichever door. */
export interface Caller {
  /** For the audit: `root@host` at the control socket, `admin session ab12cd` over HTTP. */
  readonly who: string
  /** The id of a session of the dashboard; null at the control socket. */
  readonly session: string | null
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What every change answers besides its own. */
export interface InForce {
  /** In force now. */
  readonly revision: number
  /** Why what was saved is not in force; null where it is. */
  readonly error: string | null
}

export function read<Out>() {
  return <In, Given>(input: z.ZodType<In, Given>): Operation<In, Out, 'read', Given> => {
    return { input, kind: 'read', door: 'all', largest: LARGEST }
  }
}

/** Takes a `revision` besides: where the store has another one, nothing is done (`stale_plan`). */
export function change<Own>() {
  return <Shape extends z.ZodRawShape>(shape: Shape, largest?: number) =>
    changing<Own & InForce>()('all', planned(shape), largest)
}

/** As a change, of which nothing is put in force: the answer is `Out` alone. */
export function action<Out>() {
  return <Shape extends z.ZodRawShape>(shape: Shape) => changing<Out>()('all', planned(shape))
}

export function rows<Row>() {
  return <In, Given>(input: z.ZodType<In, Given>): Operation<In, Row, 'rows', Given> => {
    return { input, kind: 'rows', door: 'all', largest: LARGEST }
  }
}

/** For the control socket alone. */
export function local<Out>() {
  return <In, Given>(input: z.ZodType<In, Given>) => changing<Out>()('socket', input)
}

function changing<Out>() {
  return <In, Given>(
    door: Door,
    input: z.ZodType<In, Given>,
    largest = LARGEST,
  ): Operation<In, Out, 'change', Given> => ({ input, kind: 'change', door, largest })
}

function planned<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ ...shape, revision: z.int().nonnegative().exactOptional() })
}
