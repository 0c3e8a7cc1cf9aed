import { findDockerd } from '../../src/lab/docker/dockerd.ts'
import { startDockerd } from '../../src/lab/docker/real-engine.ts'

// A process of its own that holds an engine until it is killed. Arguments: folder, socket. Says `ready <hub's process>`.
const main = async (): Promise<void> => {
  const [folder = '', socketPath = ''] = process.argv.slice(2)
  const { tools } = await findDockerd()
  if (tools === undefined) throw new Error('there is no dockerd')
  const pids: number[] = []
  const engine = await startDockerd({
    tools,
    cluster: 'owned',
    folder,
    socketPath,
    onProcess: async (pid) => {
      pids.push(pid)
    },
  })
  await engine.provideImage({ reference: 'web:1' })
  await engine.joinNode({ hostname: 'alone', cpus: 1, memoryBytes: 2 ** 30 })
  process.stdout.write(`ready ${pids.join(' ')}\n`)
  process.stdin.resume()
}

await main()
