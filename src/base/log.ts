import { type Logger, pino, stdTimeFunctions } from 'pino'
import type { LogLevel } from './log-level.ts'
import type { Redactor } from './redactor.ts'

export type { Logger }

interface Sink {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/**
 * The process's logger: JSON lines, or one readable line each on a terminal.
 * Secrets known to the redactor are masked in the finished line, whatever field they came in.
 */
export function createLogger(level: LogLevel, redactor: Redactor, sink: Sink): Logger {
  const render = sink.isTTY ? readable : (line: string) => line
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime },
    { write: (line: string) => void sink.write(render(redactor.redact(line))) },
  )
}

const NAMES: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
}

/** `12:04:31.220 info  listening url=http://…` */
function readable(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const clock = String(time).slice(11, 23)
  const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${plain(value)}`)
  return `${clock} ${(NAMES[Number(level)] ?? '').padEnd(5)} ${msg ?? ''}${pairs.join('')}\n`
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
