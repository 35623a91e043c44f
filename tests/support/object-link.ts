import type { ObjectLink } from '../../src/model/link.ts'

/** An owner that knows of no objects, and hears of them at once. */
export const NO_OBJECTS: ObjectLink = { tell: () => null, find: async () => [] }
