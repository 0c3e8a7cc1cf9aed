import * as containers from './containers.ts'
import { createExec, inspectExec, resizeExec, startExec } from './execs.ts'
import { createImage, historyOfImage, inspectImage, listImages, removeImage } from './images.ts'
import * as networks from './networks.ts'
import { deleteNode, inspectNode, listNodes, updateNode } from './nodes.ts'
import {
  configKind,
  createPayload,
  deletePayload,
  inspectPayload,
  listPayloads,
  type PayloadKind,
  secretKind,
  updatePayload,
} from './payloads.ts'
import type { EngineAnswer, EngineRequest } from './request.ts'
import * as services from './services.ts'
import type { EngineState } from './state.ts'
import { diskUsage, info, streamEvents, swarm, version } from './system.ts'
import { createVolume, deleteVolume, inspectVolume, listVolumes } from './volumes.ts'

type Handler = (state: EngineState, request: EngineRequest) => EngineAnswer

const payloadRoutes = (path: string, kind: PayloadKind): Record<string, Handler> => ({
  [`GET /${path}`]: listPayloads(kind),
  [`POST /${path}/create`]: createPayload(kind),
  [`GET /${path}/:id`]: inspectPayload(kind),
  [`POST /${path}/:id/update`]: updatePayload(kind),
  [`DELETE /${path}/:id`]: deletePayload(kind),
})

const ping: Handler = () => ({ status: 200, raw: 'OK', type: 'text/plain; charset=utf-8' })

/** Every call of the Engine API that this engine knows. `:x` is one segment, `*` any number of them. */
const table: Readonly<Record<string, Handler>> = {
  'GET /_ping': ping,
  'HEAD /_ping': ping,
  'GET /version': version,
  'GET /info': info,
  'GET /swarm': swarm,
  'GET /events': streamEvents,
  'GET /system/df': diskUsage,
  'GET /nodes': listNodes,
  'GET /nodes/:id': inspectNode,
  'POST /nodes/:id/update': updateNode,
  'DELETE /nodes/:id': deleteNode,
  'GET /services': services.listServices,
  'POST /services/create': services.createService,
  'GET /services/:id': services.inspectService,
  'POST /services/:id/update': services.updateService,
  'DELETE /services/:id': services.deleteService,
  'GET /services/:id/logs': services.serviceLogs,
  'GET /tasks': services.listTasks,
  'GET /tasks/:id': services.inspectTask,
  'GET /networks': networks.listNetworks,
  'POST /networks/create': networks.createNetwork,
  'POST /networks/prune': networks.pruneNetworks,
  'GET /networks/:id': networks.inspectNetwork,
  'DELETE /networks/:id': networks.deleteNetwork,
  'POST /networks/:id/connect': networks.connectNetwork,
  'POST /networks/:id/disconnect': networks.disconnectNetwork,
  'GET /volumes': listVolumes,
  'POST /volumes/create': createVolume,
  'GET /volumes/:id': inspectVolume,
  'DELETE /volumes/:id': deleteVolume,
  ...payloadRoutes('secrets', secretKind),
  ...payloadRoutes('configs', configKind),
  'GET /containers/json': containers.listContainers,
  'POST /containers/create': containers.createContainer,
  'GET /containers/:id/json': containers.inspectContainer,
  'GET /containers/:id/logs': containers.containerLogs,
  'GET /containers/:id/top': containers.containerTop,
  'GET /containers/:id/stats': containers.containerStats,
  'GET /containers/:id/changes': containers.containerChanges,
  'POST /containers/:id/start': containers.startContainer,
  'POST /containers/:id/stop': containers.stopContainer,
  'POST /containers/:id/kill': containers.killContainer,
  'POST /containers/:id/restart': containers.restartContainer,
  'POST /containers/:id/pause': containers.setPaused(true),
  'POST /containers/:id/unpause': containers.setPaused(false),
  'POST /containers/:id/rename': containers.renameContainer,
  'POST /containers/:id/resize': containers.resizeContainer,
  'POST /containers/:id/wait': containers.waitContainer,
  'DELETE /containers/:id': containers.removeContainer,
  'POST /containers/:id/exec': createExec,
  'POST /exec/:id/start': startExec,
  'POST /exec/:id/resize': resizeExec,
  'GET /exec/:id/json': inspectExec,
  'GET /images/json': listImages,
  'POST /images/create': createImage,
  'GET /images/*/json': inspectImage,
  'GET /images/*/history': historyOfImage,
  'DELETE /images/*': removeImage,
}

interface Route {
  readonly method: string
  readonly pattern: RegExp
  readonly handler: Handler
}

const compiled: readonly Route[] = Object.entries(table).map(([key, handler]) => {
  const [method = '', path = ''] = key.split(' ')
  const pattern = path.replaceAll(/:[a-z]+/g, '([^/]+)').replaceAll('*', '(.+)')
  return { method, pattern: new RegExp(`^${pattern}$`), handler }
})

export interface VersionedPath {
  readonly path: string
  /** The API version that the prefix asked for, e.g. `1.39`. */
  readonly asked: string | undefined
}

/** The path without its version prefix. */
export const withoutVersion = (path: string): VersionedPath => {
  const [prefix, asked] = /^\/v(1\.\d+)(?=\/)/.exec(path) ?? []
  return prefix === undefined ? { path, asked: undefined } : { path: path.slice(prefix.length), asked }
}

/** The handler of a call and what its pattern caught; undefined where the engine has no such page. */
export const route = (
  method: string,
  path: string,
): { readonly handler: Handler; readonly parameters: readonly string[] } | undefined => {
  for (const { method: wanted, pattern, handler } of compiled) {
    const match = wanted === method ? pattern.exec(path) : null
    if (match !== null) return { handler, parameters: match.slice(1).map(decodeURIComponent) }
  }
  return undefined
}
