import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { CorpusStack } from '../compose/corpus.ts'
import type { StackFile } from './stack-file.ts'

const portsOf = ({ folder }: CorpusStack): readonly number[] => {
  const { services } = parse(readFileSync(join(folder, 'stack.yml'), 'utf8')) as StackFile
  return Object.values(services).flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ published }) => published ?? []),
  )
}

/** Names of stacks to be there at once: as many in each batch, and no port published twice. */
export const batchesOf = (stacks: readonly CorpusStack[], count: number): readonly (readonly string[])[] => {
  const batches = Array.from({ length: count }, () => ({ names: [] as string[], ports: new Set<number>() }))
  for (const stack of stacks) {
    const ports = portsOf(stack)
    const [batch] = batches
      .filter((one) => !ports.some((port) => one.ports.has(port)))
      .sort((a, b) => a.names.length - b.names.length)
    if (batch === undefined) throw new Error(`${stack.name} publishes what every batch does`)
    batch.names.push(stack.name)
    for (const port of ports) batch.ports.add(port)
  }
  return batches.map(({ names }) => names)
}
