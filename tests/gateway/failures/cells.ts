import { type BegunRow, type FailedRow, type ReusedRow, SCENES, type Scene } from './row.ts'
import { SPEECHES, type Speech } from './speech.ts'

/** One row of the catalogue, asked in one way. */
export interface Cell<Row> {
  readonly title: string
  readonly row: Row
  readonly speech: Speech
  readonly stream: boolean
}

export interface FailedCell extends Cell<FailedRow> {
  readonly scene: Scene
}

export function failedCells(
  rows: readonly FailedRow[],
  speeches?: readonly Speech[],
): FailedCell[] {
  return cellsOf(rows, speeches).flatMap(cell =>
    SCENES.filter(scene => isScripted(cell.row) || UNSCRIPTED.includes(scene)).map(scene => ({
      ...cell,
      title: `${cell.title}, ${scene}`,
      scene,
    })),
  )
}

/** What is wrong with provider one's address or certificate is so at every attempt, and there alone. */
function isScripted({ origin }: FailedRow): boolean {
  return origin === undefined
}

const UNSCRIPTED: readonly Scene[] = ['alone', 'spent', 'elsewhere']

/** A row times the dialects and ways of asking that it speaks of. */
export function cellsOf<Row extends BegunRow | ReusedRow | FailedRow>(
  rows: readonly Row[],
  speeches: readonly Speech[] = SPEECHES,
): Cell<Row>[] {
  return rows.flatMap(row =>
    speeches
      .filter(({ name }) => row.dialects?.includes(name) ?? true)
      .flatMap(speech =>
        [false, true]
          .filter(stream => (row.stream ?? stream) === stream)
          .map(stream => ({
            title: `${row.id}: ${speech.name}${stream ? ' stream' : ''}`,
            row,
            speech,
            stream,
          })),
      ),
  )
}
