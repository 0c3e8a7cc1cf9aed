import { conflict, notFound } from './refusal.ts'
import { type EngineAnswer, type EngineRequest, flag, ok, parameter } from './request.ts'
import { type EngineState, timestamp } from './state.ts'

const withTag = (reference: string): string =>
  reference.includes('@') || /:[^/]+$/.test(reference) ? reference : `${reference}:latest`

/** Pulls: every reference exists here; what it holds is nobody's concern. */
export const createImage = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const from = request.query.get('fromImage') ?? ''
  if (from === '') throw notFound('no image to pull')
  const tag = request.query.get('tag')
  const reference = withTag(tag ? `${from}${tag.startsWith('sha256:') ? '@' : ':'}${tag}` : from)
  if (!state.images.has(reference)) {
    state.images.set(reference, { id: `sha256:${state.nextHexId()}`, createdAt: state.clock() })
    state.events.emit('image', 'pull', reference, { name: reference }, 'local')
  }
  const lines = [
    { status: `Pulling from ${from}` },
    { status: `Status: Downloaded newer image for ${reference}` },
  ]
  return {
    status: 200,
    raw: lines.map((line) => `${JSON.stringify(line)}\r\n`).join(''),
    type: 'application/json',
  }
}

/** Pulled ones, and those that containers were made from. */
const known = (state: EngineState): Map<string, { id: string; createdAt: number }> => {
  const images = new Map(state.images)
  for (const { image, createdAt, id } of state.containers.values()) {
    const reference = withTag(image)
    if (image !== '' && !images.has(reference)) images.set(reference, { id: `sha256:${id}`, createdAt })
  }
  return images
}

const shown = ([reference, image]: [string, { id: string; createdAt: number }]) => ({
  Id: image.id,
  RepoTags: reference.includes('@') ? [] : [reference],
  RepoDigests: reference.includes('@') ? [reference] : [],
  Labels: null,
  Size: 0,
})

export const listImages = (state: EngineState): EngineAnswer =>
  ok([...known(state)].map((entry) => ({ ...shown(entry), Created: Math.floor(entry[1].createdAt / 1000) })))

const find = (state: EngineState, request: EngineRequest): [string, { id: string; createdAt: number }] => {
  const reference = decodeURIComponent(parameter(request))
  const found = [...known(state)].find(
    ([name, { id }]) => name === withTag(reference) || id === reference || id === `sha256:${reference}`,
  )
  if (found === undefined) throw notFound(`No such image: ${reference}`)
  return found
}

export const inspectImage = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const found = find(state, request)
  return ok({
    ...shown(found),
    Created: timestamp(found[1].createdAt),
    Architecture: 'amd64',
    Os: 'linux',
    Config: { User: '', Labels: null, Env: [], Cmd: [] },
  })
}

export const historyOfImage = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const [reference, image] = find(state, request)
  return ok([
    {
      Id: image.id,
      Created: Math.floor(image.createdAt / 1000),
      CreatedBy: '',
      Tags: [reference],
      Size: 0,
      Comment: '',
    },
  ])
}

export const removeImage = (state: EngineState, request: EngineRequest): EngineAnswer => {
  const [reference, image] = find(state, request)
  const user = [...state.containers.values()].find((container) => withTag(container.image) === reference)
  if (user !== undefined && !flag(request, 'force'))
    throw conflict(
      `conflict: unable to remove repository reference "${reference}" (must force) - container ${user.id.slice(0, 12)} is using its referenced image`,
    )
  state.images.delete(reference)
  return ok([{ Untagged: reference }, { Deleted: image.id }])
}
