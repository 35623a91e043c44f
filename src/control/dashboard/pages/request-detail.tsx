import { useEffect, useState } from 'preact/hooks'
import { type ApiError, read } from '../data/api.ts'
import { after } from '../data/clock.ts'
import type { ExchangeShape, RequestShape, TryShape } from '../data/contract.ts'
import { formatBytes, formatMs, formatTokens, NONE } from '../data/format.ts'
import { asApiError } from '../data/hooks.ts'
import { t } from '../text/text.ts'
import { Badge, Status } from '../ui/badge.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Facts } from '../ui/facts.tsx'
import { Problem } from '../ui/problem.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Moment } from '../ui/time.tsx'
import { ErrorCode } from './error-code.tsx'
import { KeyLink } from './key-link.tsx'

/** A live request is in the store soon after it ended: how often and how long it is looked for. */
const LOOKS = 5
const BETWEEN_MS = 1_000

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
          columns={columnsOf(found)}
          rows={found.tries}
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

function useStored(exchange: ExchangeShape): {
  found: RequestShape | null
  error: ApiError | null
} {
  const [found, setFound] = useState<RequestShape | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const { id, request_id } = exchange
  useEffect(() => {
    const ended = new AbortController()
    let cancel = () => {}
    const look = (left: number) => {
      read('requests.show', { id: String(id ?? request_id) }, { signal: ended.signal }).then(
        setFound,
        reason => {
          if (ended.signal.aborted) return
          const missing = asApiError(reason).status === 404
          if (missing && left > 1) cancel = after(BETWEEN_MS, () => look(left - 1))
          else setError(asApiError(reason))
        },
      )
    }
    look(LOOKS)
    return () => {
      ended.abort()
      cancel()
    }
  }, [id, request_id])
  return { found, error }
}

function factsOf(exchange: ExchangeShape) {
  const { model, model_served } = exchange
  return [
    [t('time'), <Moment key="time" time={exchange.time} />],
    [t('status'), <Status key="status" status={exchange.status} />],
    [t('outcome'), exchange.outcome],
    [t('request'), <code key="path">{`${exchange.method} ${exchange.path}`}</code>, 'wide'],
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

function columnsOf({ failures }: RequestShape): readonly Column<TryShape>[] {
  const excerptOf = ({ attempt }: TryShape) =>
    failures.find(failure => failure.attempt === attempt)?.excerpt
  return [
    { head: t('attempt'), role: 'name', cell: row => row.attempt },
    { head: t('provider'), cell: row => row.provider ?? NONE },
    { head: t('key'), cell: ({ key }) => (key === null ? NONE : <KeyLink id={key} />) },
    { head: t('status'), cell: row => <Status status={row.status} /> },
    {
      head: t('outcome'),
      cell: ({ outcome }) =>
        outcome === null ? NONE : <Badge tone={outcome === 'ok' ? 'good' : 'bad'} text={outcome} />,
    },
    { head: t('code'), cell: row => <ErrorCode code={row.code} /> },
    { head: t('time'), right: true, cell: row => formatMs(row.ms) },
    { head: t('excerpt'), role: 'long', cell: row => excerptOf(row) || NONE },
  ]
}
