import pc from 'picocolors'

/** Where a command writes. Progress goes to stderr so that stdout stays what was asked for. */
export interface Terminal {
  /** Whether a person watches: one status line is redrawn; otherwise every step is a line. */
  readonly live: boolean
  readonly color: ReturnType<typeof pc.createColors>
  /** Columns of stdout where a person reads it there; lines are wrapped to it. */
  readonly width?: number
  /** A line of the answer, on stdout. */
  readonly print: (line: string) => void
  /** A line about the work, on stderr. */
  readonly note: (line: string) => void
  /** What is going on now; replaced by the next one. Nothing where nobody watches. */
  readonly status: (line: string) => void
}

const clearLine = '\r\u001b[2K'

/** A terminal over two streams; width in columns keeps the status line to one line. */
export const openTerminal = (
  out: NodeJS.WriteStream = process.stdout,
  err: NodeJS.WriteStream = process.stderr,
): Terminal => {
  const live = err.isTTY === true && process.env.TERM !== 'dumb' && process.env.CI === undefined
  const colored = out.isTTY === true && process.env.NO_COLOR === undefined && process.env.CI === undefined
  let standing = false
  const clear = () => {
    if (standing) err.write(clearLine)
    standing = false
  }
  return {
    live,
    color: pc.createColors(colored),
    ...(out.isTTY === true ? { width: out.columns } : {}),
    print: (line) => {
      clear()
      out.write(`${line}\n`)
    },
    note: (line) => {
      clear()
      err.write(`${line}\n`)
    },
    status: (line) => {
      if (!live) return
      clear()
      err.write(line.slice(0, Math.max((err.columns ?? 80) - 1, 10)))
      standing = true
    },
  }
}

/** `1.234` → `1.2 s`, `83` → `1 min 23 s`. */
export const formatSeconds = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`

/** `1 tenant`, `2 tenants`. */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`
