import { describe } from 'vitest'
import { ENGINES, stopSharedServer, usePlaces } from './place.ts'
import { providerSuite } from './suites/providers.ts'

stopSharedServer()

describe.each(ENGINES)('store on %s', engine => {
  const place = usePlaces(engine)
  providerSuite(place)
})
