import { Fragment } from 'preact'
import { NONE } from '../data/format.ts'

/** `rate_limit_exceeded`: where it is too long for its line it is broken at a dash, not in a word. */
export function ErrorCode({ code }: { code: string | null }) {
  if (!code) return <>{NONE}</>
  return (
    <>
      {code.split(/(?<=_)/).map((part, at) => (
        <Fragment key={String(at)}>
          {at > 0 && <wbr />}
          {part}
        </Fragment>
      ))}
    </>
  )
}
