import type { DaemonStatus, NodeStatus, ProviderStatus, WorstKey } from '../data/contract.ts'
import { formatCount } from '../data/format.ts'
import { go } from '../data/navigation.ts'
import { t } from '../text/text.ts'
import { Badge, KeyState } from '../ui/badge.tsx'
import { Section } from '../ui/page.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'
import { breakersOf } from './breakers.tsx'
import { StateBar, sumOf } from './keys-by-state.tsx'

/** Keys that met most failures. */
export function WorstKeys({ keys, since }: { keys: readonly WorstKey[]; since: string }) {
  const columns: readonly Column<WorstKey>[] = [
    {
      head: t('key'),
      role: 'name',
      cell: row => (
        <button type="button" class="link" onClick={() => go('keys', row.key)}>
          {row.label || row.masked}
        </button>
      ),
    },
    { head: t('provider'), cell: row => row.provider },
    { head: t('state'), cell: row => <KeyState state={row.state} /> },
    { head: '429', right: true, cell: row => formatCount(row.rate_limited) },
    { head: t('worst.refused'), right: true, cell: row => formatCount(row.refused) },
    { head: t('worst.quota'), right: true, cell: row => formatCount(row.quota) },
    { head: t('worst.other'), right: true, cell: row => formatCount(row.other) },
  ]
  return (
    <Section
      title={t('worst')}
      tools={
        <small>
          {t('worst.since')} <Moment time={since} />
        </small>
      }
    >
      <Table
        caption={t('worst')}
        columns={columns}
        rows={keys}
        idOf={row => row.key}
        empty={t('worst.none')}
      />
    </Section>
  )
}

export function ProvidersInBrief({ providers }: { providers: readonly ProviderStatus[] }) {
  const columns: readonly Column<ProviderStatus>[] = [
    {
      head: t('provider'),
      role: 'name',
      cell: row => (
        <button type="button" class="link" onClick={() => go('providers', row.name)}>
          {row.name}
        </button>
      ),
    },
    {
      head: t('state'),
      cell: row =>
        row.enabled ? (
          <Badge tone="good" text={t('enabled')} />
        ) : (
          <Badge tone="off" text={t('disabled')} />
        ),
    },
    { head: t('keys.active'), right: true, cell: row => activeOf(row) },
    { head: t('keys.by.state'), cell: row => <StateBar keys={row.keys} /> },
    { head: t('breakers'), role: 'long', cell: row => breakersOf(row) },
  ]
  return (
    <Section title={t('nav.providers')}>
      <Table
        caption={t('nav.providers')}
        columns={columns}
        rows={providers}
        idOf={row => row.name}
        empty={t('providers.none')}
      />
    </Section>
  )
}

export function activeOf({ keys }: ProviderStatus): string {
  return `${formatCount(keys.active)} / ${formatCount(sumOf(keys))}`
}

type Worker = DaemonStatus['workers'][number]

export function Workers({ workers }: { workers: readonly Worker[] }) {
  const columns: readonly Column<Worker>[] = [
    { head: t('pid'), role: 'name', cell: row => row.pid },
    { head: t('revision'), right: true, cell: row => row.revision },
    { head: t('in.flight'), right: true, cell: row => formatCount(row.in_flight) },
    { head: t('requests'), right: true, cell: row => formatCount(row.requests) },
    { head: t('errors'), right: true, cell: row => formatCount(row.errors) },
  ]
  return (
    <Section title={t('workers')}>
      <Table
        caption={t('workers')}
        columns={columns}
        rows={workers}
        idOf={row => String(row.pid)}
        empty={t('workers.none')}
      />
    </Section>
  )
}

export function Nodes({ nodes }: { nodes: readonly NodeStatus[] }) {
  const columns: readonly Column<NodeStatus>[] = [
    {
      head: t('node'),
      role: 'name',
      cell: row => (row.self ? `${row.id} (${t('node.self')})` : row.id),
    },
    { head: t('version'), cell: row => row.version },
    { head: t('workers'), right: true, cell: row => row.workers },
    { head: t('revision'), right: true, cell: row => row.revision },
    { head: t('seen'), cell: row => <Moment time={row.seen} /> },
  ]
  return (
    <Section title={t('nodes')}>
      <Table
        caption={t('nodes')}
        columns={columns}
        rows={nodes}
        idOf={row => row.id}
        empty={t('nodes.none')}
      />
    </Section>
  )
}
