import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 collect garbage as fits a gateway, whose heap is small and lives for one request mostly. Holds for all
 * threads of the process; call it before there is anything to do. `node --v8-options` has both flags from 20 to 26.
 */
export function collectSeldom(): void {
  // Where much of what a place in the code made outlived its first collections, V8 has it made in the old
  // generation from then on. Here the first crowd decides that: all that it asks is alive at once, in a young
  // generation that has not grown yet. Later requests then leave garbage that keeps what it refers to until the
  // next full collection: an eighth of all that is allocated, and a third more CPU for each request.
  setFlagsFromString('--no-allocation-site-pretenuring')
  // After an idle moment V8 lets the heap grow by a third only until the next full collection, which holds all
  // requests up for as much as 16 ms. This is what it lets the heap of a busy process grow by.
  setFlagsFromString('--heap-growing-percent=300')
}
