import { Volume as DockerVolume } from '@pulumi/docker/volume.js'
import type { Input } from '@pulumi/pulumi'
import type { Volume } from '../model/volume.ts'
import { labelList } from './labels.ts'
import type { Registrations, Site } from './site.ts'

const driverOptions = (volume: Volume, site: Site): Record<string, Input<string>> =>
  Object.fromEntries(
    Object.entries(volume.driverOptions).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : site.secretText(value),
    ]),
  )

const holdsSecret = (volume: Volume): boolean =>
  Object.values(volume.driverOptions).some((value) => typeof value !== 'string')

/** Docker volumes on the storage back ends' drivers. */
export const volumes = {
  /** The plugin gives options back in the clear, so what holds a secret is marked on the way out too. */
  Volume: (volume, site) =>
    new DockerVolume(
      volume.key,
      {
        name: volume.name,
        driver: volume.driver,
        driverOpts: driverOptions(volume, site),
        labels: labelList(volume.labels),
      },
      {
        ...site.options(volume, 'docker'),
        deleteBeforeReplace: true,
        ...(holdsSecret(volume) ? { additionalSecretOutputs: ['driverOpts'] } : {}),
      },
    ),
} satisfies Partial<Registrations>
