import type { Issue } from '../core/issue.ts'
import type { Levels, LoadClass, Workload } from './workload.ts'

/** The columns of a recording; the first line of a CSV file names them, each line of a JSON lines file has them as fields. */
const columns = [
  'seconds',
  'service',
  'containers',
  'cpuMillis',
  'memoryBytes',
  'cpuLimitMillis',
  'memoryLimitBytes',
  'cpuFloorMillis',
  'memoryFloorBytes',
] as const

type Column = (typeof columns)[number]
type NumberColumn = Exclude<Column, 'service'>

/** One line: what one service was doing from a moment on, until its next line. */
interface Row extends Readonly<Record<NumberColumn, number>> {
  readonly service: string
}

/** A recording that could be read, with how long it lasts, or everything that is wrong with it. */
export type Recording =
  | { readonly ok: true; readonly workload: Workload; readonly seconds: number }
  | { readonly ok: false; readonly issues: readonly Issue[] }

interface Place {
  readonly file: string
  readonly line: number
}

const issue = ({ file, line }: Place, message: string): Issue => ({
  code: 'recording/line',
  message,
  source: { file, line, column: 1 },
  hint: `Each line has ${columns.join(', ')}; amounts are numbers and not negative.`,
})

const numbers = columns.filter((name): name is NumberColumn => name !== 'service')

const rowOf = (from: Readonly<Record<string, unknown>>, place: Place): Row | Issue => {
  const found: Partial<Record<NumberColumn, number>> = {}
  for (const name of numbers) {
    const value = from[name]
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number) || number < 0)
      return issue(place, `${name} is ${value === undefined ? 'missing' : JSON.stringify(value)}.`)
    found[name] = number
  }
  const { service } = from
  if (typeof service !== 'string' || service === '') return issue(place, 'service is missing.')
  return { ...(found as Record<NumberColumn, number>), service }
}

const jsonLine = (line: string, place: Place): Row | Issue => {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return rowOf({ ...value }, place)
  } catch {
    // Told below.
  }
  return issue(place, 'The line is not a JSON object.')
}

const csvLine = (head: readonly string[], line: string, place: Place): Row | Issue => {
  const cells = line.split(',').map((cell) => cell.trim())
  if (cells.length !== head.length)
    return issue(place, `The line has ${cells.length} cells, the first one ${head.length}.`)
  return rowOf(Object.fromEntries(head.map((name, at) => [name, cells[at]])), place)
}

const parseRows = (text: string, file: string): (Row | Issue)[] => {
  const lines = text.split(/\r?\n/).map((line, at) => ({ line, place: { file, line: at + 1 } }))
  const full = lines.filter(({ line }) => line.trim() !== '')
  if (full[0]?.line.trimStart().startsWith('{') === true)
    return full.map(({ line, place }) => jsonLine(line, place))
  const head = (full[0]?.line ?? '').split(',').map((cell) => cell.trim())
  return full.slice(1).map(({ line, place }) => csvLine(head, line, place))
}

const isRow = (one: Row | Issue): one is Row => 'service' in one

const classOf = (rows: readonly Row[]): LoadClass => {
  const most = (name: NumberColumn): number => rows.reduce((top, row) => Math.max(top, row[name]), 0)
  return {
    name: rows[0]?.service ?? '',
    limits: { cpuMillis: most('cpuLimitMillis'), memoryBytes: most('memoryLimitBytes') },
    floor: { cpuMillis: most('cpuFloorMillis'), memoryBytes: most('memoryFloorBytes') },
    replicas: Math.max(1, most('containers')),
    maxPerNode: undefined,
    spread: 0,
    deploysPerDay: 0,
    jobSeconds: undefined,
    bursts: undefined,
  }
}

/** Goes forward with time, and back to the begin where it is asked for an earlier moment. */
const follower = (rows: readonly Row[]): ((second: number) => Row | undefined) => {
  let at = -1
  return (second) => {
    const current = rows[at]
    if (current !== undefined && current.seconds > second) at = -1
    for (;;) {
      const next = rows[at + 1]
      if (next === undefined || next.seconds > second) return rows[at]
      at += 1
    }
  }
}

const workloadOf = (services: readonly (readonly Row[])[]): Workload => {
  const followers = services.map(follower)
  return {
    classes: services.map(classOf),
    at: (second, into: Levels) => {
      for (const [place, follow] of followers.entries()) {
        const row = follow(second)
        into.containers[place] = row?.containers ?? 0
        into.cpuMillis[place] = row?.cpuMillis ?? 0
        into.memoryBytes[place] = row?.memoryBytes ?? 0
      }
    },
  }
}

/**
 * Reads recorded load: CSV with a first line of column names, or JSON lines. A line says how many containers a service has from a second on, what
 * each uses, its limits, and what it needs after its start (`cpuFloorMillis`, `memoryFloorBytes`), until the service's next line. Issue codes: `recording/line`,
 * `recording/empty`. Never throws.
 */
export const parseRecording = (text: string, file: string): Recording => {
  const parsed = parseRows(text, file)
  const issues = parsed.filter((one): one is Issue => !isRow(one))
  const rows = parsed.filter(isRow)
  if (issues.length === 0 && rows.length === 0)
    return {
      ok: false,
      issues: [{ ...issue({ file, line: 1 }, `${file} has no line of load.`), code: 'recording/empty' }],
    }
  if (issues.length > 0) return { ok: false, issues }
  const byService = new Map<string, Row[]>()
  for (const row of rows.sort((a, b) => a.seconds - b.seconds)) {
    const before = byService.get(row.service)
    if (before === undefined) byService.set(row.service, [row])
    else before.push(row)
  }
  return {
    ok: true,
    workload: workloadOf([...byService.values()]),
    seconds: rows.reduce((last, row) => Math.max(last, row.seconds), 0),
  }
}
