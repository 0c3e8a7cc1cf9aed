import { open } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import { endMarked } from './marked-processes.mjs'

// The worker thread of src/engine/pulse.ts: renews leases while the main thread is busy, and ends their engines once they are lost.

const digits = 15

const held = new Map()

const tokenIn = async (file) => JSON.parse((await file.readFile('utf8')).split('\n', 1)[0] ?? '').token

const readToken = async (path) => {
  const file = await open(path, 'r')
  try {
    return await tokenIn(file)
  } finally {
    await file.close()
  }
}

/** To write into: kept open, so that what is written reaches this lease's file also after another one took its name. */
const openOwn = async ({ path, token }) => {
  const file = await open(path, 'r+')
  if ((await tokenIn(file)) === token) return file
  await file.close()
  return undefined
}

const look = ({ path, token }) => readToken(path).then((found) => found === token)

const isGone = ({ code }) => code === 'ENOENT'

/** Once more after a moment: whoever judges a lease moves it aside for as long. */
const isHeld = (lease) =>
  look(lease).catch(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return look(lease).catch((error) => {
      if (isGone(error)) return false
      throw error
    })
  })

const forget = (lease) => {
  clearInterval(lease.timer)
  lease.file?.close().catch(() => undefined)
  return held.delete(lease.mark)
}

const lose = (lease, reason) => {
  if (!forget(lease)) return
  endMarked(lease.mark)
  parentPort.postMessage({ mark: lease.mark, reason })
}

const beat = async (lease) => {
  try {
    if (!(await isHeld(lease))) return lose(lease, 'taken')
    lease.file ??= await openOwn(lease)
    if (lease.file === undefined) return lose(lease, 'taken')
    lease.count += 1
    await lease.file.write(String(lease.count).padStart(digits, '0'), lease.offset)
    lease.renewed = performance.now()
  } catch {
    // Judged by how long ago the last one was.
  } finally {
    lease.isBusy = false
  }
}

const tick = (lease) => {
  const overdue = performance.now() - lease.renewed > lease.limitMilliseconds
  // A process that was stopped has not tried: whether it still holds the lease is read before anything else.
  if (overdue && lease.isTried) return lose(lease, 'unreachable')
  lease.isTried = overdue
  if (lease.isBusy) return
  lease.isBusy = true
  void beat(lease)
}

const hold = (message) => {
  const lease = { ...message, count: 0, renewed: performance.now(), isBusy: false, isTried: false }
  lease.timer = setInterval(tick, lease.beatMilliseconds, lease)
  held.set(lease.mark, lease)
}

const release = ({ mark }) => {
  const lease = held.get(mark)
  if (lease !== undefined) forget(lease)
}

parentPort.on('message', (message) => (message.type === 'hold' ? hold(message) : release(message)))
