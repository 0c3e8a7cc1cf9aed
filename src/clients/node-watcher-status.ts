import { request } from 'node:http'
import { Fault } from '../core/fault.ts'

/** What a node watcher told of its host. */
export interface NodeStatus {
  /** The node's id in the swarm, where the watcher knows it. */
  readonly nodeId: string | undefined
  readonly sampleAgeSeconds: number
  readonly loadPercent: number
  readonly memoryPercent: number
}

/** Longer than any answer of a node watcher; what is longer is somebody else's. */
const mostBytes = 16_384

const numberIn = (facts: Readonly<Record<string, unknown>>, name: string): number => {
  const value = facts[name]
  return typeof value === 'number' ? value : Number.NaN
}

const statusIn = (text: string): NodeStatus | undefined => {
  const facts: unknown = JSON.parse(text)
  if (facts === null || typeof facts !== 'object') return undefined
  const found = facts as Readonly<Record<string, unknown>>
  const status = {
    nodeId: typeof found.nodeId === 'string' ? found.nodeId : undefined,
    sampleAgeSeconds: numberIn(found, 'sampleAgeSeconds'),
    loadPercent: numberIn(found, 'loadPercent'),
    memoryPercent: numberIn(found, 'memoryPercent'),
  }
  const { sampleAgeSeconds, loadPercent, memoryPercent } = status
  return [sampleAgeSeconds, loadPercent, memoryPercent].every((one) => Number.isFinite(one) && one >= 0)
    ? status
    : undefined
}

const read = (url: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { signal, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (part: string) => {
        text += part
        if (text.length > mostBytes) asked.destroy(new Error('the answer is too long'))
      })
      answer.on('end', () => resolve(text))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })

/**
 * What the node watcher at an address (`http://10.1.2.3:9847`) says of its host, as `GET /health` has it; undefined where it has no sample.
 *
 * @throws {Fault} `unreachable` where nothing answers in time, or something else does.
 */
export const readNodeStatus = async (
  address: string,
  signal: AbortSignal,
): Promise<NodeStatus | undefined> => {
  try {
    return statusIn(await read(`${address}/health`, signal))
  } catch (cause) {
    throw new Fault('unreachable', `The node watcher at ${address} did not tell how its host is.`, {
      cause,
      details: {
        endpoint: address,
        hint: 'See whether it runs, and listens where the cluster watcher reaches it (--listen).',
      },
    })
  }
}
