import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** What a process and all its descendants have used so far. */
export interface Used {
  /** User and system time of all threads, those that ended included, ms. */
  readonly cpu: number
  /** Resident bytes. */
  readonly rss: number
}

interface Row extends Used {
  readonly pid: number
  readonly parent: number
}

/** USER_HZ: what /proc counts in, on every architecture that Node runs on. */
const TICKS_A_SECOND = 100
const PAGE = 4_096

/** What the process tree below `pid` has used; zero where there is none. */
export function usedBy(pid: number): Used {
  return sum(treesOf([pid]))
}

/** User and system time of the trees below all of `pids`, ms. */
export function cpuOf(pids: readonly number[]): number {
  return sum(treesOf(pids)).cpu
}

/** Resident bytes of the trees below all of `pids`; what processes share is counted for each. */
export function rssOf(pids: readonly number[]): number {
  return sum(treesOf(pids)).rss
}

/**
 * Proportional set size of the trees below all of `pids`, bytes: pages that several processes share
 * are divided among them. Null where the host does not tell: only Linux does.
 */
export function pssOf(pids: readonly number[]): number | null {
  const sizes = treesOf(pids).map(({ pid }) => pssOfOne(pid))
  return sizes.reduce((all, size) => (all === null || size === null ? null : all + size), 0)
}

function pssOfOne(pid: number): number | null {
  try {
    return parseRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))
  } catch {
    return null
  }
}

/** Bytes, of one /proc/PID/smaps_rollup. */
export function parseRollup(text: string): number | null {
  const [, kibibytes] = /^Pss:\s+(\d+) kB$/m.exec(text) ?? []
  return kibibytes === undefined ? null : Number(kibibytes) * 1_024
}

function treesOf(pids: readonly number[]): Row[] {
  const rows = process.platform === 'linux' ? linuxRows() : parsePs(ps())
  const tree = new Set(pids)
  for (let size = 0; size !== tree.size; ) {
    size = tree.size
    for (const row of rows) if (tree.has(row.parent)) tree.add(row.pid)
  }
  return rows.filter(row => tree.has(row.pid))
}

function sum(rows: readonly Row[]): Used {
  return {
    cpu: rows.reduce((all, { cpu }) => all + cpu, 0),
    rss: rows.reduce((all, { rss }) => all + rss, 0),
  }
}

function linuxRows(): Row[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.flatMap(pid => {
    try {
      return [parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))]
    } catch {
      // It ended while the others were read.
      return []
    }
  })
}

/** One /proc/PID/stat (proc_pid_stat(5)); children that were waited for count with their parent. */
export function parseStat(line: string): Row {
  // The name stands in parentheses and may hold spaces and parentheses itself.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return {
    pid: Number.parseInt(line, 10),
    parent: field(4),
    cpu: ((field(14) + field(15) + field(16) + field(17)) * 1_000) / TICKS_A_SECOND,
    rss: field(24) * PAGE,
  }
}

function ps(): string {
  return spawnSync('ps', ['-Ao', 'pid=,ppid=,time=,rss='], { encoding: 'utf8' }).stdout
}

/** `ps -o pid=,ppid=,time=,rss=` as macOS prints it: `1234 1 0:01.23 45678`, resident in KiB. */
export function parsePs(text: string): Row[] {
  return text
    .trim()
    .split('\n')
    .map(line => {
      const [pid, parent, time = '', rss] = line.trim().split(/\s+/)
      const seconds = time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
      return {
        pid: Number(pid),
        parent: Number(parent),
        cpu: seconds * 1_000,
        rss: Number(rss) * 1_024,
      }
    })
}
