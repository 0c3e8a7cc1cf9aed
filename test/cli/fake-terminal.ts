import pc from 'picocolors'
import type { Terminal } from '../../src/cli/terminal.ts'

/** A terminal that keeps what it was told. */
export const fakeTerminal = (
  options: { color?: boolean; width?: number; live?: boolean } = {},
): Terminal & { readonly out: string[]; readonly err: string[] } => {
  const out: string[] = []
  const err: string[] = []
  return {
    live: options.live ?? false,
    color: pc.createColors(options.color ?? false),
    ...(options.width === undefined ? {} : { width: options.width }),
    print: (line) => out.push(...line.split('\n')),
    note: (line) => err.push(line),
    status: () => undefined,
    out,
    err,
  }
}
