import { readdirSync, readFileSync } from 'node:fs'

// Plain JavaScript, and synchronous: a lease's watchdog is a worker thread, which cannot load TypeScript, and has to act at once.

/** State and start time of a process, of /proc/<pid>/stat after the name in brackets (proc(5)). */
const statOf = (pid) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], started: `${fields[22 - 3]} ticks` }
}

const isMarked = (pid, variable) =>
  readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(variable)

const describe = (pid, variable) => {
  try {
    if (!isMarked(pid, variable)) return []
    const { state, started } = statOf(pid)
    return state === 'Z' || state === 'X' ? [] : [{ pid, started, isStopped: state === 'T' }]
  } catch {
    return [] // Gone meanwhile, or of somebody else.
  }
}

const numbers = () => {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return [] // No Linux.
  }
}

/** Every process of this machine whose environment has exactly this `NAME=value`, but this one. */
export const markedProcesses = (variable) =>
  numbers()
    .map(Number)
    .filter((pid) => pid !== process.pid)
    .flatMap((pid) => describe(pid, variable))

/** Ends them at once; how many those were. One whose number another process got meanwhile is left alone. */
export const endMarked = (variable) => {
  let count = 0
  for (const { pid, started } of markedProcesses(variable))
    try {
      if (statOf(pid).started !== started) continue
      process.kill(pid, 'SIGKILL')
      count += 1
    } catch {
      // Gone meanwhile.
    }
  return count
}
