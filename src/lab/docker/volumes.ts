import { type Volume, VolumeForm } from '../../clients/docker-objects.ts'
import { parseFilters, passes, passesLabels } from './filters.ts'
import { checkVolumeName } from './names.ts'
import { badRequest, conflict, notFound } from './refusal.ts'
import {
  bodyOf,
  created,
  type EngineAnswer,
  type EngineRequest,
  flag,
  noContent,
  ok,
  parameter,
} from './request.ts'
import { volumeNames } from './service-references.ts'
import { type EngineState, timestamp } from './state.ts'

const usersOf = (state: EngineState, name: string): string[] =>
  [...state.containers.values()]
    .filter(({ volumes }) => Object.values(volumes).includes(name))
    .map(({ id }) => id)

/** Errors: `@throws {Refusal}` 404. */
const findVolume = (state: EngineState, name: string): Volume => {
  const volume = state.volumes.get(name)
  if (volume === undefined) throw notFound(`get ${name}: no such volume`)
  return volume
}

/** Errors: `@throws {Refusal}` 404 where the machine has no such plugin. */
const checkDriver = (state: EngineState, name: string, driver: string): void => {
  if (driver === 'local' || (state.volumeDrivers?.includes(driver) ?? true)) return
  throw notFound(`create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`)
}

const localOptions = ['type', 'o', 'device', 'size']

/** Errors: `@throws {Refusal}` 400 with the local driver's sentences. */
const checkLocalVolume = (name: string, options: Readonly<Record<string, string>>): void => {
  checkVolumeName(name)
  for (const option of Object.keys(options))
    if (!localOptions.includes(option)) throw badRequest(`create ${name}: invalid option: "${option}"`)
  for (const needed of ['device', 'type'])
    if (('type' in options || 'device' in options || 'o' in options) && !(needed in options))
      throw badRequest(`create ${name}: missing required option: "${needed}"`)
}

/** As docker: a volume that is there with the same driver is answered as it is, its options untouched. */
export const createVolume = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const form = bodyOf(request, VolumeForm)
  const name = form.Name || state.nextHexId()
  const driver = form.Driver || 'local'
  checkDriver(state, name, driver)
  const there = state.volumes.get(name)
  if (there !== undefined) {
    // One asked for without a driver is found wherever it is.
    if (form.Driver && there.Driver !== driver)
      throw conflict(
        `create ${name}: driver '${there.Driver}' already has volume '${name}': volume name must be unique`,
      )
    return created(there)
  }
  if (driver === 'local') checkLocalVolume(name, form.DriverOpts ?? {})
  const volume: Volume = {
    Name: name,
    Driver: driver,
    Mountpoint: driver === 'local' ? `/var/lib/docker/volumes/${name}/_data` : `/mnt/${driver}/${name}`,
    CreatedAt: timestamp(state.clock()),
    Scope: driver === 'local' ? 'local' : 'global',
    Labels: { ...form.Labels },
    Options: { ...form.DriverOpts },
  }
  state.volumes.set(name, volume)
  state.events.emit('volume', 'create', name, { driver }, 'local')
  return created(volume)
}

export const listVolumes = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const filters = parseFilters(request.query.get('filters'), ['name', 'label', 'driver', 'dangling'], 400)
  const isDangling = (volume: Volume): boolean =>
    usersOf(state, volume.Name).length === 0 &&
    ![...state.services.values()].some(({ Spec }) => volumeNames(Spec).includes(volume.Name))
  return ok({
    Volumes: [...state.volumes.values()].filter(
      (volume) =>
        passes(filters, 'name', (name) => volume.Name.includes(name)) &&
        passesLabels(filters, 'label', volume.Labels) &&
        passes(filters, 'driver', (driver) => driver === volume.Driver) &&
        passes(filters, 'dangling', (on) => ['1', 'true'].includes(on) === isDangling(volume)),
    ),
    Warnings: null,
  })
}

export const inspectVolume = (state: EngineState, request: EngineRequest): EngineAnswer =>
  ok(findVolume(state, parameter(request)))

export const deleteVolume = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const name = parameter(request)
  if (!state.volumes.has(name) && flag(request, 'force')) return noContent
  const volume = findVolume(state, name)
  const users = usersOf(state, name)
  if (users.length > 0) throw conflict(`remove ${name}: volume is in use - [${users.join(', ')}]`)
  state.volumes.delete(name)
  state.events.emit('volume', 'destroy', name, { driver: volume.Driver }, 'local')
  return noContent
}
