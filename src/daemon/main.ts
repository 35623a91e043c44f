import { hostname } from 'node:os'
import { createLogger, type Logger } from '../base/log.ts'
import { Redactor } from '../base/redactor.ts'
import { controlFolders } from '../control/address.ts'
import { LoginLinks } from '../control/admin/links.ts'
import { ControlSocket } from '../control/socket.ts'
import { TailHub } from '../control/tail.ts'
import type { Dashboard } from '../gateway/dashboard.ts'
import { givenSocket, hostOf } from '../gateway/listeners.ts'
import { storeOptions } from '../store/options.ts'
import { openThreadedStore } from '../store/threaded.ts'
import { ListenerCertificate } from './certificate.ts'
import { Checks } from './checks.ts'
import type { Daemon, DaemonParts } from './daemon.ts'
import { DaemonDashboard } from './dashboard.ts'
import { makeFirstToken, seeToTokens } from './first-token.ts'
import { Follower } from './follower.ts'
import { Learned } from './learned.ts'
import { tellListening } from './listening.ts'
import { Notifier } from './notify.ts'
import { ObjectKeeper } from './objects.ts'
import { openGateway, workersOf } from './open-gateway.ts'
import { operatorOf } from './operations/operator.ts'
import { DaemonOperator, type DaemonStore } from './operator.ts'
import { Peers } from './peers.ts'
import { Pulse } from './pulse.ts'
import { Recent } from './recent.ts'
import { Recorder } from './recorder.ts'
import { ServiceWatch, statusLine } from './service-watch.ts'
import { Upkeep } from './upkeep.ts'

const CRASH_PATIENCE = 1_000

/**
 * Starts a daemon: store, file, control socket, gateway, listener, in this order, so that whatever
 * is wrong is found before the first request is taken.
 * @throws BalanceError already_running, address_in_use, no_token, config_invalid, master_key_*, store_*
 */
export async function startDaemon(parts: DaemonParts): Promise<Daemon> {
  const { config, clock } = parts
  const redactor = new Redactor()
  const log = createLogger(config.logLevel, redactor, parts.sink)
  // The library is loaded while the store's thread starts.
  const [store, library] = await Promise.all([
    openThreadedStore(
      storeOptions(config, clock, { who: 'balance serve', what: 'serve' }),
      new URL('./store-thread.js', import.meta.url),
    ),
    import('../metrics/metrics.ts'),
  ])
  try {
    return await start(parts, store, library, redactor, log)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function start(
  parts: DaemonParts,
  store: DaemonStore,
  { Metrics }: typeof import('../metrics/metrics.ts'),
  redactor: Redactor,
  log: Logger,
): Promise<Daemon> {
  const { config, service, clock } = parts
  const given = service.sockets.map(givenSocket)
  const node = `${hostname()}:${process.pid}`
  const tail = new TailHub()
  const learned = new Learned()
  const recent = new Recent(clock)
  const metrics = new Metrics({
    clock,
    version: parts.version,
    routes: () => follower.catalog?.routes ?? [],
    status: () => operator.status(),
  })
  const recorder = new Recorder({
    store,
    node,
    clock,
    log,
    onRecords: batch => {
      recent.add(batch)
      metrics.add(batch)
      tail.publish(batch)
    },
    onVerdicts: batch => learned.take(batch),
    onOutages: batch => learned.takeOutages(batch),
  })
  const objects = new ObjectKeeper({ store, clock, log })
  await objects.start()
  const certificate = new ListenerCertificate(config.tls, clock, log)
  const { tls } = certificate
  const expose = () => metrics.expose()
  const pages = {
    answer: (...asked: Parameters<Dashboard>) => dashboard.answer(...asked),
    socketPath: () => dashboard.socketPath(),
  }
  const gateway = openGateway(parts, {
    ...{ recorder, objects, learned, expose, redactor, log, tls },
    dashboard: pages,
  })
  const follower = new Follower(store, gateway, learned, clock, log)
  const started = clock.wall()
  const peers = new Peers({
    store,
    clock,
    log,
    self: () => ({
      id: node,
      url: operator.url ?? '',
      version: parts.version,
      workers: workersOf(config),
      revision: follower.revision,
      started,
    }),
    onLearned: lessons => {
      learned.take(lessons.memories)
      learned.takeOutages(lessons.outages)
      gateway.learn(lessons)
    },
    onRecords: batch => tail.publish(batch),
    followed: () => tail.followed,
  })
  const readiness = () => ({
    store: store.health,
    records: { waiting: recorder.waiting, dropped: recorder.dropped },
    pending: follower.pending,
  })
  const pulse = new Pulse({
    clock,
    read: readiness,
    tell: known => gateway.inform(known),
  })
  const { notify } = service
  const notifier = new Notifier({ notify, clock, log })
  const links = new LoginLinks(clock)
  const operator = new DaemonOperator({
    ...parts,
    drain: given.length > 0 ? Math.min(config.drain, config.restartDrain) : config.drain,
    node,
    store,
    recorder,
    objects,
    gateway,
    learned,
    recent,
    peers,
    follower,
    certificate,
    notifier,
    links,
    log,
  })
  const operations = operatorOf(operator, {
    ...{ config, clock, store, gateway, learned, follower, peers },
  })
  const places = given.length > 0 ? given : [config.listen]
  const dashboard = new DaemonDashboard({
    ...{ operator: operations, store, tail, links, follower, version: parts.version, clock, log },
    listening: places.map(hostOf),
  })
  const control = await ControlSocket.open(store.url, controlFolders(config), operations, tail)
  try {
    if (workersOf(config) > 1) await dashboard.openSocket(control.path)
    const { taken, overridden, left } = await store.reconcile(config.declared)
    if (taken.length > 0) log.info({ taken }, 'taken from the file')
    for (const name of overridden)
      log.info({ value: name }, 'set by a command, which overrides the file')
    if (left.length > 0) log.info({ left }, 'kept, though the file does not declare it any more')
    await seeToTokens(config, places.map(hostOf), store)
    await follower.start()
    const addresses = await gateway.listen(places)
    operator.url = tellListening(addresses, { tls, given: given.length > 0, store: store.url, log })
    await peers.start()
    const firstToken = parts.makeFirstToken
      ? await makeFirstToken(parts.anonymous, store, follower)
      : null
    // From here on nothing fails: what is begun is ended by the daemon's own end.
    const settings = () => follower.catalog?.settings ?? null
    const upkeep = new Upkeep({ store, node, settings, clock, log })
    const checks = new Checks({
      clock,
      log,
      redactor,
      catalog: () => follower.catalog,
      learned,
      link: recorder,
      gateway,
      mayWork: () => upkeep.holdsLease,
    })
    const watch = new ServiceWatch({
      notifier,
      notify,
      clock,
      status: () => {
        const { catalog } = follower
        if (catalog === null) return 'starting'
        return statusLine(catalog, learned.lessons.memories, readiness(), clock.wall())
      },
      serves: async () => (await gateway.reports()).length > 0,
    })
    const ended = operator.stopped.then(async drainMs => {
      log.info({ drain_ms: drainMs }, 'stopping')
      watch.stopping()
      follower.stop()
      pulse.stop()
      await checks.stop()
      await gateway.close(drainMs)
      await upkeep.stop()
      await recorder.close()
      await objects.close()
      await peers.stop()
      tail.close()
      await dashboard.close()
      control.close()
      await store.close()
      watch.stop()
      log.info('stopped')
    })
    return {
      url: operator.url,
      controlPath: control.path,
      firstToken,
      revision: follower.revision,
      providers: follower.catalog?.providers.length ?? 0,
      tokens: follower.catalog?.tokens.length ?? 0,
      ended,
      stop: now => operator.beginStop(now),
      reload: () => operator.reload(),
      crash: async error => {
        log.fatal({ err: error }, 'a defect ends this daemon')
        const written = operator.flush().catch(() => {})
        await Promise.race([written, clock.sleep(CRASH_PATIENCE)])
      },
    }
  } catch (error) {
    follower.stop()
    pulse.stop()
    await gateway.close(0)
    await recorder.close()
    await objects.close()
    await peers.stop()
    await dashboard.close()
    control.close()
    throw error
  }
}
