import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DaemonMessage, DaemonOrder } from './daemon-messages.ts'
import { type Lab, startLab } from './lab.ts'
import { labLayout } from './layout.ts'
import { readDirectory } from './ucp/directory.ts'

const tell = (message: DaemonMessage): void => {
  if (process.connected) process.send?.(message)
}

const log = (line: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`)
}

const report = (line: string): void => {
  log(line)
  tell({ kind: 'report', line })
}

const start = async (order: DaemonOrder, signal: AbortSignal): Promise<Lab> =>
  startLab({
    root: order.root,
    clusters: order.clusters,
    directory: await readDirectory(join(order.root, 'lab', 'directory.json')),
    real: order.real,
    ...(order.docker === undefined ? {} : { docker: order.docker }),
    report,
    log,
    signal,
    ...(order.joinDelayMilliseconds === undefined
      ? {}
      : { joinDelayMilliseconds: order.joinDelayMilliseconds }),
  })

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs one lab until a signal asks it to end, or until whoever started it goes away before it is ready. */
const run = async (order: DaemonOrder): Promise<void> => {
  const ending = new AbortController()
  let isReady = false
  const end = (): void => ending.abort()
  process.on('SIGTERM', end).on('SIGINT', end)
  for (const trouble of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(trouble, (error: unknown) => {
      log(`${trouble}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      process.exitCode = 1
      end()
    })
  process.once('disconnect', () => {
    if (!isReady) end()
  })
  try {
    const lab = await start(order, ending.signal)
    isReady = true
    tell({ kind: 'ready' })
    log('the lab is ready')
    await new Promise<void>((resolve) => {
      if (ending.signal.aborted) resolve()
      ending.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    log('the lab ends')
    await lab.stop()
  } catch (error) {
    log(`the lab did not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    tell({ kind: 'failed', message: reasonOf(error) })
    process.exitCode = 1
  } finally {
    await rm(labLayout(order.root).record, { force: true })
  }
}

process.once('message', (order: DaemonOrder) => {
  void run(order).then(() => process.exit())
})
