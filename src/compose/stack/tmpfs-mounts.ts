import { entry, listOf, mapFrom, withEntry, without } from '../make-node.ts'
import { textOf, type YamlMap, type YamlNode, type YamlPath } from '../yaml-node.ts'
import { leftOut, type Telling } from './telling.ts'

/** What a tmpfs of Swarm is without being told. */
const asEver: ReadonlySet<string> = new Set(['rw', 'noexec', 'nosuid', 'nodev'])

/** `/run:size=64m,ro` as a mount: what a stack's mount cannot say is told. */
const mountOf = (node: YamlNode, path: YamlPath, { warning }: Telling): YamlNode => {
  const [target = '', words = ''] = (textOf(node) ?? '').split(/:(.*)/s)
  const options = words.split(',').filter((word) => word !== '' && !asEver.has(word))
  const size = options.find((word) => word.startsWith('size='))?.slice('size='.length)
  for (const word of options)
    if (word !== 'ro' && !word.startsWith('size='))
      warning(leftOut([...path, word], node.source, 'of a tmpfs it says the size only'))
  const fields = {
    type: 'tmpfs',
    target,
    read_only: options.includes('ro') ? true : undefined,
    tmpfs: size === undefined ? undefined : mapFrom({ size }, node.source),
  }
  return mapFrom(fields, node.source)
}

/**
 * A service whose `tmpfs` stands among its volumes: `docker stack deploy` takes the short form and mounts nothing (seen with client
 * 28.2 on engine 20.10). Never throws.
 */
export const withTmpfsMounts = (service: YamlNode, path: YamlPath, telling: Telling): YamlNode => {
  const own = service.kind === 'map' ? service.entries.get('tmpfs') : undefined
  if (service.kind !== 'map' || own === undefined) return service
  const items = own.node.kind === 'list' ? own.node.items : [own.node]
  const mounts = items
    .filter((item) => textOf(item) !== undefined)
    .map((item) => mountOf(item, [...path, 'tmpfs'], telling))
  if (mounts.length === 0) return without(service, 'tmpfs')
  return withMounts(without(service, 'tmpfs'), mounts, own.keySource)
}

const withMounts = (service: YamlMap, mounts: readonly YamlNode[], source: YamlNode['source']): YamlMap => {
  const volumes = service.entries.get('volumes')
  const before = volumes?.node.kind === 'list' ? volumes.node.items : []
  const after = listOf([...before, ...mounts], volumes?.node.source ?? source)
  return withEntry(service, volumes === undefined ? entry('volumes', after) : { ...volumes, node: after })
}
