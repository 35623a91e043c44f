import { describe } from 'vitest'
import { ENGINES, stopSharedServer, usePlaces } from './place.ts'
import { adminSuite, adminTimeSuite } from './suites/admin.ts'
import { auditSuite } from './suites/audit.ts'
import { declaredSuite } from './suites/declared.ts'
import { exchangedSuite } from './suites/exchanged.ts'
import { importedLogSuite } from './suites/imported-log.ts'
import { keySuite } from './suites/keys.ts'
import { learnedSuite } from './suites/learned.ts'
import { moveSuite } from './suites/move.ts'
import { nodeSuite } from './suites/nodes.ts'
import { objectSuite } from './suites/objects.ts'
import { outageSuite } from './suites/outages.ts'
import { providerSuite } from './suites/providers.ts'
import { proxySuite } from './suites/proxies.ts'
import { recordSuite } from './suites/records.ts'
import { retentionSuite } from './suites/retention.ts'
import { rotationSuite } from './suites/rotation.ts'
import { routeSuite } from './suites/routes.ts'
import { schemaSuite } from './suites/schema.ts'
import { sealedSuite } from './suites/sealed.ts'
import { searchSuite } from './suites/search.ts'
import { settingSuite } from './suites/settings.ts'
import { statsSuite } from './suites/stats.ts'
import { tokenSuite } from './suites/tokens.ts'
import { trafficSuite } from './suites/traffic.ts'

stopSharedServer()

describe.each(ENGINES)('store on %s', engine => {
  const place = usePlaces(engine)
  providerSuite(place)
  keySuite(place)
  tokenSuite(place)
  routeSuite(place)
  proxySuite(place)
  settingSuite(place)
  moveSuite(place)
  declaredSuite(place)
  exchangedSuite(place)
  auditSuite(place)
  adminSuite(place)
  if (engine === 'sqlite') adminTimeSuite(place)
  recordSuite(place)
  searchSuite(place)
  importedLogSuite(place)
  statsSuite(place)
  trafficSuite(place)
  retentionSuite(place)
  learnedSuite(place)
  outageSuite(place)
  nodeSuite(place)
  objectSuite(place)
  sealedSuite(place)
  rotationSuite(place)
  schemaSuite(place)
})
