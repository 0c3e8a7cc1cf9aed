/** The parts of an image's reference, as docker reads them. */
export interface ImageReference {
  /** `docker.io` where none is named. */
  readonly registry: string
  /** Below the registry, `library/` put in front where docker does. */
  readonly repository: string
  readonly tag: string | undefined
  readonly digest: string | undefined
}

const host = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const pattern = new RegExp(
  `^(?<name>(?:${host}(?:\\.${host})*(?::\\d+)?/|\\[[0-9a-fA-F:]+\\](?::\\d+)?/)?${component}(?:/${component})*)(?::(?<tag>\\w[\\w.-]{0,127}))?(?:@(?<digest>[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}))?$`,
)

/** Longest reference that is looked at: a pattern over more would be slow for nothing. */
const longest = 512

const isRegistry = (first: string): boolean =>
  first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase()

/** Parts of a reference, undefined for what is none. Source: distribution/reference, `ParseNormalizedNamed`. Never throws. */
export const parseImageReference = (text: string): ImageReference | undefined => {
  const found = text.length > longest ? null : pattern.exec(text)
  const name = found?.groups?.name
  if (name === undefined) return undefined
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const named = slash >= 0 && isRegistry(first)
  const path = named ? name.slice(slash + 1) : name
  const registry = named ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io'
  return {
    registry: registry.toLowerCase(),
    repository: registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path,
    tag: found?.groups?.tag,
    digest: found?.groups?.digest,
  }
}
