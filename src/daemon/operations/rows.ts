/**
 * What work gives, as it gives it; rejects where the work does. What nobody has taken yet waits here.
 * @param work ends by itself where its caller is gone
 */
export async function* rowsOf<Row>(
  work: (give: (row: Row) => void) => Promise<unknown>,
): AsyncGenerator<Row> {
  const waiting: Row[] = []
  let wake = () => {}
  let over = false
  const running = work(row => {
    waiting.push(row)
    wake()
  }).finally(() => {
    over = true
    wake()
  })
  // Its end is awaited below; until then a failure is nobody's.
  running.catch(() => {})
  for (;;) {
    const row = waiting.shift()
    if (row !== undefined) yield row
    else if (over) break
    else {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  await running
}
