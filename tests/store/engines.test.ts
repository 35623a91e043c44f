import { describe } from 'vitest'
import { ENGINES, stopSharedServer, usePlaces } from './place.ts'
import { auditSuite } from './suites/audit.ts'
import { keySuite } from './suites/keys.ts'
import { providerSuite } from './suites/providers.ts'
import { recordSuite } from './suites/records.ts'
import { schemaSuite } from './suites/schema.ts'
import { sealedSuite } from './suites/sealed.ts'
import { settingSuite } from './suites/settings.ts'
import { tokenSuite } from './suites/tokens.ts'

stopSharedServer()

describe.each(ENGINES)('store on %s', engine => {
  const place = usePlaces(engine)
  providerSuite(place)
  keySuite(place)
  tokenSuite(place)
  settingSuite(place)
  auditSuite(place)
  recordSuite(place)
  sealedSuite(place)
  schemaSuite(place)
})
