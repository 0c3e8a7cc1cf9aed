import { asList, asRecord, asText, fieldOf, type Path } from './compose-model.ts'
import { inService, type ServiceView } from './service-view.ts'

/** Something mounted into a service. */
export interface MountView {
  /** `bind`, `volume`, `tmpfs`, `npipe`, `cluster`, `image`, or what the file says instead. */
  readonly type: string
  /** A path of the host, or a volume's name; empty where the engine makes a volume without one. */
  readonly source: string
  readonly target: string
  readonly path: Path
}

/** What a host's path looks like in the short form: beside what begins with `/`, `.` and `~`, a drive or a pipe of Windows. */
const hostPath = /^(?:[./~]|[a-z]:[\\/]|\\\\|\/\/)/i

/** The short form's parts; the colon after a drive's letter is none between parts. */
const partsOf = (text: string): string[] => text.split(/(?<!^[a-z]|:[a-z]):|(?<=:[a-z]):(?![\\/])/i)

const shortMount = (text: string, path: Path): MountView => {
  const [first = '', second] = partsOf(text)
  if (second === undefined) return { type: 'volume', source: '', target: first, path }
  const pipe = /^\\\\|^\/\/\.\//.test(first)
  const type = pipe ? 'npipe' : hostPath.test(first) || first.includes('$') ? 'bind' : 'volume'
  return { type, source: first, target: second, path }
}

const mountOf = (entry: unknown, path: Path): MountView[] => {
  const text = asText(entry)
  if (text !== undefined) return [shortMount(text, path)]
  const long = asRecord(entry)
  const source = asText(fieldOf(long, 'source')) ?? asText(fieldOf(long, 'src')) ?? ''
  const target = asText(fieldOf(long, 'target')) ?? asText(fieldOf(long, 'destination')) ?? ''
  const type = asText(fieldOf(long, 'type')) ?? (hostPath.test(source) ? 'bind' : 'volume')
  return [{ type: type.toLowerCase(), source, target, path }]
}

/** What a service mounts by `volumes`, in the order of the file. Never throws. */
export const mountsOf = (service: ServiceView): readonly MountView[] =>
  asList(inService(service, 'volumes')).flatMap((entry, index) =>
    mountOf(entry, [...service.path, 'volumes', index]),
  )

/** A host's path in normal form: no doubled slashes, no `.`; `..` taken back. Purely by text: links are not followed. */
export const normalPath = (path: string): string => {
  const parts: string[] = []
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Networks that a service names, each with where; empty where it names none and so is on `default`. */
export const networksOf = (
  service: ServiceView,
): readonly { readonly key: string; readonly path: Path }[] => {
  const value = inService(service, 'networks')
  const path = [...service.path, 'networks']
  if (Array.isArray(value))
    return value.flatMap((entry, index) => {
      const key = asText(entry)
      return key === undefined ? [] : [{ key, path: [...path, index] }]
    })
  return Object.keys(asRecord(value)).map((key) => ({ key, path: [...path, key] }))
}

/** Ports that a service publishes: `published` is a number, a range or empty where the swarm chooses. */
export interface PortView {
  /** First and last published port; both 0 where the swarm chooses one. */
  readonly first: number
  readonly last: number
  readonly protocol: string
  readonly host: boolean
  /** As the file has it, for messages. */
  readonly shown: string
  readonly path: Path
}

const portRange = (text: string): readonly [number, number] | undefined => {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text.trim())
  if (found === null) return undefined
  return [Number(found[1]), Number(found[2] ?? found[1])]
}

/** `[ip:]published:target[/protocol]`; a lone target is published on a port that the swarm chooses. */
const shortPort = (text: string, path: Path): PortView => {
  const [ports = '', protocol = 'tcp'] = text.split('/')
  const parts = ports.replace(/^\[[^\]]*\]:/, '').split(':')
  const published = parts.length === 1 ? '0' : (parts.at(-2) ?? '0')
  const [first, last] = portRange(published === '' ? '0' : published) ?? [0, 65_535]
  return { first, last, protocol: protocol.toLowerCase(), host: false, shown: text, path }
}

const longPort = (entry: unknown, path: Path): PortView => {
  const published = asText(fieldOf(entry, 'published')) ?? '0'
  const [first, last] = portRange(published === '' ? '0' : published) ?? [0, 65_535]
  return {
    first,
    last,
    protocol: (asText(fieldOf(entry, 'protocol')) ?? 'tcp').toLowerCase(),
    host: asText(fieldOf(entry, 'mode'))?.trim().toLowerCase() === 'host',
    shown: `${published}:${asText(fieldOf(entry, 'target')) ?? ''}`,
    path,
  }
}

/** What a service publishes, in the order of the file; what cannot be read counts as every port. Never throws. */
export const portsOf = (service: ServiceView): readonly PortView[] =>
  asList(inService(service, 'ports')).map((entry, index) => {
    const text = asText(entry)
    const path = [...service.path, 'ports', index]
    return text === undefined ? longPort(entry, path) : shortPort(text, path)
  })
