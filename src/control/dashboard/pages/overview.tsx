import { type Overview as Data, RANGES, type Range } from '../data/contract.ts'
import { formatCount, formatMs, formatShare, formatShort } from '../data/format.ts'
import { useRead } from '../data/hooks.ts'
import { refine } from '../data/navigation.ts'
import type { Place } from '../data/router.ts'
import { t } from '../text/text.ts'
import { Chart } from '../ui/chart.tsx'
import { Choice } from '../ui/choice.tsx'
import { Loaded, Page } from '../ui/page.tsx'
import { KeysByState } from './keys-by-state.tsx'
import { Nodes, ProvidersInBrief, Workers, WorstKeys } from './overview-tables.tsx'

const EVERY: Readonly<Record<Range, number>> = { '1h': 10_000, '24h': 30_000, '7d': 60_000 }

export function Overview({ place }: { place: Place }) {
  const range = RANGES.find(one => one === place.query.range) ?? '1h'
  const reading = useRead('overview', { range }, { every: EVERY[range] })
  const tools = (
    <Choice
      label={t('range')}
      value={range}
      options={RANGES.map(one => [one, t(`range.${one}`)] as const)}
      onChange={next => refine({ range: next })}
    />
  )
  return (
    <Page title={t('nav.overview')} tools={tools}>
      <Loaded reading={reading}>
        {data => (
          <>
            <Tiles data={data} />
            <div class="charts">
              <Charts data={data} />
            </div>
            <div class="columns">
              <KeysByState keys={data.keys} />
              <WorstKeys keys={data.worst_keys} since={data.worst_since} />
            </div>
            <ProvidersInBrief providers={data.providers} />
            <div class="columns">
              <Workers workers={data.workers} />
              <Nodes nodes={data.nodes} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Tiles({ data }: { data: Data }) {
  const { requests, errors, prompt_tokens, completion_tokens } = data.totals
  const keys = Object.values(data.keys).reduce((sum, count) => sum + count, 0)
  const tiles = [
    [t('requests'), formatCount(requests), ''],
    [t('errors'), formatCount(errors), formatShare(errors, requests)],
    [t('tokens.prompt'), formatShort(prompt_tokens), ''],
    [t('tokens.completion'), formatShort(completion_tokens), ''],
    [t('ttft'), formatMs(latest(data)), t('ttft.median')],
    [t('keys.active'), formatCount(data.keys.active), t('of', { total: keys })],
  ] as const
  return (
    <dl class="tiles">
      {tiles.map(([name, value, note]) => (
        <div key={name} class="card">
          <dt>{name}</dt>
          <dd>
            {value} {note && <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Charts({ data }: { data: Data }) {
  const { series, totals } = data
  const times = series.map(({ time }) => new Date(time).getTime() / 1_000)
  return (
    <>
      <Chart
        title={t('chart.traffic')}
        summary={t('chart.traffic.summary', { requests: totals.requests, errors: totals.errors })}
        times={times}
        lines={[
          {
            label: t('requests'),
            color: '--series-1',
            values: series.map(({ requests }) => requests),
          },
          {
            label: t('errors'),
            color: '--series-2',
            dashed: true,
            values: series.map(({ errors }) => errors),
          },
        ]}
      />
      <Chart
        title={t('chart.tokens')}
        summary={t('chart.tokens.summary', {
          prompt: totals.prompt_tokens,
          completion: totals.completion_tokens,
        })}
        times={times}
        lines={[
          {
            label: t('tokens.prompt'),
            color: '--series-1',
            values: series.map(step => step.prompt_tokens),
          },
          {
            label: t('tokens.completion'),
            color: '--series-2',
            dashed: true,
            values: series.map(step => step.completion_tokens),
          },
        ]}
      />
      <Chart
        title={t('chart.ttft')}
        summary={formatMs(latest(data))}
        times={times}
        lines={[
          {
            label: t('ttft'),
            color: '--series-1',
            values: series.map(({ ttft_ms }) => ttft_ms),
          },
        ]}
        format={formatMs}
      />
    </>
  )
}

/** The last median time to first token that was measured. */
function latest({ series }: Data): number | null {
  return series.findLast(({ ttft_ms }) => ttft_ms !== null)?.ttft_ms ?? null
}
