import type { Volume, VolumeForm } from '../../clients/docker-objects.ts'
import { Fault } from '../../core/fault.ts'
import type { Properties, ResourceType } from '../../provider/plugin.ts'
import { objectOf } from './docker-codec.ts'
import { isComputedIn, volumeFields } from './docker-fields.ts'
import {
  checkWith,
  type DockerClient,
  demandOwn,
  diffWith,
  isAsWanted,
  labelsOf,
  nameOf,
  readInputs,
  removeWhenFree,
} from './docker-inputs.ts'

const isComputed = isComputedIn(volumeFields)

const formOf = (inputs: Properties): VolumeForm => {
  const { Options, ...form } = objectOf(volumeFields).encode(inputs) as VolumeForm & {
    Options?: Record<string, string>
  }
  return { ...form, ...(Options === undefined ? {} : { DriverOpts: Options }) }
}

const outputsOf = (volume: Volume, inputs: Properties): Properties => ({
  ...inputs,
  name: volume.Name,
  driver: volume.Driver,
  mountpoint: volume.Mountpoint,
})

/** An own volume that differs is not thrown away: it holds data. */
const adopted = (there: Volume, inputs: Properties) => {
  demandOwn(`Volume ${there.Name}`, labelsOf(volumeFields, inputs), there.Labels)
  if (!isAsWanted(volumeFields, inputs, there, isComputed))
    throw new Fault(
      'conflict',
      `Volume ${there.Name} exists already with another driver, options or labels.`,
      {
        details: {
          resource: `volume ${there.Name}`,
          hint: 'Save its data and remove it, or import it as it is.',
        },
      },
    )
  return { id: there.Name, outputs: outputsOf(there, inputs) }
}

/** `docker:index/volume:Volume`. The id is its name; everything in it is fixed. */
export const volume: ResourceType<DockerClient> = {
  check: checkWith(volumeFields),
  diff: diffWith(volumeFields),
  async create({ docker }, inputs) {
    const there = await docker.volume(nameOf(inputs))
    if (there !== undefined) return adopted(there, inputs)
    const made = await docker.createVolume(formOf(inputs))
    return { id: made.Name, outputs: outputsOf(made, inputs) }
  },
  async read({ docker }, id, inputs) {
    const there = await docker.volume(id)
    if (there === undefined) return undefined
    const seen = readInputs(volumeFields, inputs, there, isComputed)
    return { id: there.Name, inputs: seen, outputs: outputsOf(there, seen) }
  },
  update: async (_client, _id, _olds, news) => news,
  delete: (client, id, _outputs, context) =>
    removeWhenFree(() => client.docker.removeVolume(id), client, context),
}
