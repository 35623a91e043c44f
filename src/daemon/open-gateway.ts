import { availableParallelism } from 'node:os'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Redactor } from '../base/redactor.ts'
import type { Dashboard } from '../gateway/dashboard.ts'
import { MOST_REMEMBERED } from '../gateway/objects.ts'
import type { Tls } from '../gateway/server.ts'
import type { LoadedConfig } from '../model/config.ts'
import type { Expose } from '../model/exposition.ts'
import type { GatewayHost } from './gateway-host.ts'
import type { Learned } from './learned.ts'
import { LocalGateway } from './local-gateway.ts'
import type { ObjectKeeper } from './objects.ts'
import type { Recorder } from './recorder.ts'
import { WorkerPool } from './worker-pool.ts'

interface GatewayParts {
  readonly config: LoadedConfig
  readonly clock: Clock
  readonly version: string
  /** Serve local callers without a token. */
  readonly anonymous: boolean
}

/** What it reports to, and what it is given. */
interface GatewayLinks {
  readonly recorder: Recorder
  readonly objects: ObjectKeeper
  readonly learned: Learned
  readonly expose: Expose
  readonly redactor: Redactor
  readonly log: Logger
  readonly tls: Tls | null
  /** Answers what this process is asked of the dashboard, and where workers bring what they are asked. */
  readonly dashboard: { readonly answer: Dashboard; readonly socketPath: () => string }
}

/** In this process, or in as many workers as are asked for. */
export function openGateway(
  { config, clock, version, anonymous }: GatewayParts,
  { recorder, objects, learned, expose, redactor, log, tls, dashboard }: GatewayLinks,
): GatewayHost {
  const count = workersOf(config)
  if (count === 1) {
    const gateway = new LocalGateway({
      ...{ clock, log, redactor, link: recorder, objectLink: objects, expose, anonymous, tls },
      dashboard: dashboard.answer,
    })
    gateway.learnObjects({ made: objects.newest(MOST_REMEMBERED), gone: [] })
    return gateway
  }
  return new WorkerPool({
    count,
    entry: new URL('./worker.js', import.meta.url),
    hello: { kind: 'hello', version, logLevel: config.logLevel, anonymous, tls },
    dashboard: dashboard.socketPath,
    link: recorder,
    objects,
    expose,
    lessons: () => learned.lessons,
    onDropped: records => {
      recorder.dropped += records
    },
    clock,
    log,
  })
}

export function workersOf({ workers }: LoadedConfig): number {
  return workers === 'auto' ? availableParallelism() : workers
}
