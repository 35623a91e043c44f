import { useEffect, useState } from 'preact/hooks'
import { type ApiError, read } from '../data/api.ts'
import { type Attempt, attemptsOf } from '../data/attempts.ts'
import { after } from '../data/clock.ts'
import type { Reads } from '../data/contract.ts'
import { formatBytes, formatMs, formatTokens, NONE } from '../data/format.ts'
import { asApiError } from '../data/hooks.ts'
import type { ExchangeShape } from '../data/shapes.ts'
import { t } from '../text/text.ts'
import { Badge, Status } from '../ui/badge.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Facts } from '../ui/facts.tsx'
import { Problem } from '../ui/problem.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'

/** A live request is in the store soon after it ended: how often and how long it is looked for. */
const LOOKS = 5
const BETWEEN_MS = 1_000

type Found = Reads['requests.show']['out']

interface RequestDetailProps {
  readonly exchange: ExchangeShape
  readonly onClose: () => void
}

/** One request and every attempt that was made for it. */
export function RequestDetail({ exchange: given, onClose }: RequestDetailProps) {
  const { found, error } = useStored(given)
  const exchange = found?.exchange ?? given
  return (
    <Dialog title={t('requests.title', { id: given.request_id })} onClose={onClose} wide>
      <Facts facts={factsOf(exchange)} />
      <h3>{t('attempts')}</h3>
      <Problem error={error} />
      {found ? (
        <Table
          caption={t('attempts')}
          columns={columnsOf()}
          rows={attemptsOf(exchange, found.failures)}
          idOf={row => String(row.attempt)}
          empty={t('attempts.none')}
        />
      ) : (
        !error && <p class="empty loading">{t('loading')}</p>
      )}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {t('close')}
        </button>
      </div>
    </Dialog>
  )
}

function useStored(exchange: ExchangeShape): { found: Found | null; error: ApiError | null } {
  const [found, setFound] = useState<Found | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const { id, request_id } = exchange
  useEffect(() => {
    const ended = new AbortController()
    let cancel = () => {}
    const look = async (left: number): Promise<void> => {
      const number = id ?? (await numberOf(request_id, ended.signal))
      if (number !== null) setFound(await read('requests.show', { id: number }, ended.signal))
      else if (left > 1) cancel = after(BETWEEN_MS, () => run(left - 1))
      else setError(asApiError(new Error(t('requests.unstored'))))
    }
    const run = (left: number) => {
      look(left).catch(reason => {
        if (!ended.signal.aborted) setError(asApiError(reason))
      })
    }
    run(LOOKS)
    return () => {
      ended.abort()
      cancel()
    }
  }, [id, request_id])
  return { found, error }
}

async function numberOf(requestId: string, signal: AbortSignal): Promise<number | null> {
  const [stored] = await read('requests.list', { requestId, limit: 1 }, signal)
  return stored?.id ?? null
}

function factsOf(exchange: ExchangeShape) {
  const { model, model_served } = exchange
  return [
    [t('time'), <Moment key="time" time={exchange.time} />],
    [t('status'), <Status key="status" status={exchange.status} />],
    [t('outcome'), exchange.outcome],
    [t('request'), <code key="path">{`${exchange.method} ${exchange.path}`}</code>],
    [t('token'), exchange.token ?? NONE],
    [t('provider'), exchange.provider ?? NONE],
    [t('key'), exchange.key_label || exchange.key || NONE],
    [t('model'), model ?? NONE],
    [t('model.served'), model_served ?? NONE],
    [t('stream'), exchange.stream ? t('yes') : t('no')],
    [t('first.byte'), formatMs(exchange.first_byte_ms)],
    [t('ttft'), formatMs(exchange.ttft_ms)],
    [t('duration'), formatMs(exchange.ms)],
    [t('tokens'), formatTokens(exchange.prompt_tokens, exchange.completion_tokens)],
    [t('tokens.cached'), exchange.cached_tokens ?? NONE],
    [t('tokens.reasoning'), exchange.reasoning_tokens ?? NONE],
    [t('bytes'), `${formatBytes(exchange.bytes_in)} → ${formatBytes(exchange.bytes_out)}`],
    [t('error.code'), exchange.error_code ?? NONE],
    [t('node'), exchange.node ?? NONE],
  ] as const
}

function columnsOf(): readonly Column<Attempt>[] {
  return [
    { head: t('attempt'), role: 'name', cell: row => row.attempt },
    { head: t('provider'), cell: row => row.provider ?? NONE },
    { head: t('key'), cell: row => row.key ?? NONE },
    { head: t('status'), cell: row => <Status status={row.status} /> },
    {
      head: t('outcome'),
      cell: ({ outcome }) =>
        outcome === null ? NONE : <Badge tone={outcome === 'ok' ? 'good' : 'bad'} text={outcome} />,
    },
    { head: t('code'), cell: row => row.code ?? NONE },
    { head: t('time'), right: true, cell: row => formatMs(row.ms) },
    { head: t('excerpt'), role: 'long', cell: row => row.excerpt || NONE },
  ]
}
