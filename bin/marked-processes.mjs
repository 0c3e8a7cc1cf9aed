import { readdirSync, readFileSync } from 'node:fs'

// Plain JavaScript, and synchronous: a lease's watchdog is a worker thread, which cannot load TypeScript, and has to act at once.

/** State and start time of a process, of /proc/<pid>/stat after the name in brackets (proc(5)). */
const statOf = (pid) => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], parent: Number(fields[4 - 3]), started: `${fields[22 - 3]} ticks` }
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

const parentOf = (pid) => {
  try {
    return statOf(pid).parent
  } catch {
    return undefined // Gone meanwhile.
  }
}

const identify = (pid) => {
  try {
    return [{ pid, started: statOf(pid).started }]
  } catch {
    return []
  }
}

/** Every process below one. */
export const processesBelow = (root) => {
  const parents = numbers().map((name) => [Number(name), parentOf(name)])
  const found = []
  for (let level = [root]; level.length > 0; ) {
    level = parents.filter(([, parent]) => level.includes(parent)).map(([pid]) => pid)
    found.push(...level)
  }
  return found.flatMap(identify)
}

/** Ends processes at once; how many those were. One whose number another process got meanwhile is left alone. */
export const endAll = (processes) => {
  let count = 0
  for (const { pid, started } of processes)
    try {
      if (statOf(pid).started !== started) continue
      process.kill(pid, 'SIGKILL')
      count += 1
    } catch {
      // Gone meanwhile.
    }
  return count
}

export const endMarked = (variable) => endAll(markedProcesses(variable))
