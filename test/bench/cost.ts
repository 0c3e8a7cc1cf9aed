import { spawnSync } from 'node:child_process'

/** What a command took, with all that it started. */
export interface Cost {
  readonly wallSeconds: number
  /** User and system time of the command and every process below it that was waited for. */
  readonly cpuSeconds: number
}

/** `1m2.50s` → 62.5. */
const secondsOf = (text: string): number => {
  const [minutes = '', seconds = ''] = text.split('m')
  return Number(minutes) * 60 + Number.parseFloat(seconds)
}

/** Runs a command to its end. The shell's `times` tells what its children used (POSIX). Throws where the command fails. */
export const costOf = (
  command: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Cost => {
  const script = '"$@" >/dev/null || exit 1; times'
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...command], {
    ...options,
    encoding: 'utf8',
  })
  const wallSeconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(`${command.join(' ')} failed: ${stderr}`)
  const children = stdout.trim().split('\n').at(-1) ?? ''
  return { wallSeconds, cpuSeconds: children.split(/\s+/).reduce((sum, one) => sum + secondsOf(one), 0) }
}
