import type { Docker } from '../clients/docker.ts'
import { accessLabel, ownerLabel } from '../compile/docker-labels.ts'
import type { LiveKind, LiveThing } from '../plan/unowned.ts'

type Labels = Readonly<Record<string, string>> | null | undefined

/** Who made a thing, as UCP notes it on some versions (reference §6.1). */
const makerLabel = 'com.docker.ucp.access.owner'

/** A thing by its labels. Pure. */
export const labelledThing = (kind: LiveKind, name: string, labels: Labels): LiveThing => {
  const { [accessLabel]: collection, [ownerLabel]: owner, [makerLabel]: madeBy } = labels ?? {}
  return {
    kind,
    name,
    ...(collection === undefined ? {} : { collection }),
    ...(owner === undefined ? {} : { owner }),
    ...(madeBy === undefined ? {} : { madeBy }),
  }
}

/** Networks, volumes, secrets, configs and services of a cluster. @throws {Fault} as `Docker` does. */
export const dockerThings = async (docker: Docker): Promise<readonly LiveThing[]> => {
  const [networks, volumes, secrets, configs, services] = await Promise.all([
    docker.networks(),
    docker.volumes(),
    docker.payloads('secrets'),
    docker.payloads('configs'),
    docker.services(),
  ])
  return [
    ...networks.map(({ Name, Labels }) => labelledThing('network', Name, Labels)),
    ...volumes.map(({ Name, Labels }) => labelledThing('volume', Name, Labels)),
    ...secrets.map(({ Spec }) => labelledThing('secret', Spec.Name, Spec.Labels)),
    ...configs.map(({ Spec }) => labelledThing('config', Spec.Name, Spec.Labels)),
    ...services.map(({ ID, Spec }) => labelledThing('service', Spec.Name ?? ID, Spec.Labels)),
  ]
}
