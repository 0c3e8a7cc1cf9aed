import type { ServiceSpec } from '../../clients/docker-objects.ts'

/** What a service's networks point at, ids or names: the task template's, else the deprecated ones of the spec. */
export const networkTargets = (spec: ServiceSpec): string[] => {
  const own = spec.TaskTemplate.Networks ?? []
  return (own.length > 0 ? own : (spec.Networks ?? [])).map(({ Target }) => Target)
}

/** Names of the volumes it mounts. Anonymous ones have none. */
export const volumeNames = (spec: ServiceSpec): string[] =>
  (spec.TaskTemplate.ContainerSpec?.Mounts ?? []).flatMap((mount) =>
    mount.Type === 'volume' && mount.Source ? [mount.Source] : [],
  )

export const secretIds = (spec: ServiceSpec): string[] =>
  (spec.TaskTemplate.ContainerSpec?.Secrets ?? []).map(({ SecretID }) => SecretID)

export const configIds = (spec: ServiceSpec): string[] =>
  (spec.TaskTemplate.ContainerSpec?.Configs ?? []).map(({ ConfigID }) => ConfigID)
