import * as z from 'zod'
import type { Answer, Call } from '../../ucp/call.ts'
import type { Route } from '../../ucp/router.ts'
import type { RegistryState } from '../state.ts'
import type { Tag } from '../tags.ts'
import { pageFor, pageHeaders, registryRoutes, repositoryParam } from './registry-route.ts'

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** Told only where the call names the registry's public host (reference §8.4). */
const isSigned = (call: Call, { image }: Tag): boolean =>
  (call.query.get('domain') ?? '') !== '' && image.signers.length > 0

const tagView = (call: Call, tag: Tag): Record<string, unknown> => ({
  name: tag.name,
  digest: tag.image.digest,
  author: tag.author,
  updatedAt: iso(tag.updatedAt),
  createdAt: iso(tag.createdAt),
  hashMismatch: isSigned(call, tag) && (tag.image.signedDigest ?? tag.image.digest) !== tag.image.digest,
  inNotary: isSigned(call, tag),
  manifest: {
    digest: tag.image.digest,
    os: tag.image.os,
    architecture: tag.image.architecture,
    author: tag.author,
    configDigest: tag.image.digest,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    size: 0,
    createdAt: iso(tag.createdAt),
    dockerfile: [],
  },
  licenses: tag.image.licenses,
  components: tag.image.components,
  ...(tag.provenance === undefined
    ? {}
    : {
        promotion: {
          ...tag.provenance,
          string: `${tag.provenance.sourceRepository}:${tag.provenance.sourceTag}`,
        },
      }),
})

const detailView = (state: RegistryState, call: Call, tag: Tag): Record<string, unknown> => ({
  ...tagView(call, tag),
  vuln_summary: state.summaryOf(tag),
})

const found = (state: RegistryState, call: Call, level: 'read-only' | 'read-write'): Tag =>
  state.tag(state.permissions.require(call.caller, repositoryParam(call), level), call.param('tag'))

const list = (state: RegistryState, call: Call): Answer => {
  const repository = state.permissions.require(call.caller, repositoryParam(call), 'read-only')
  const page = pageFor(call, state.tags.of(repository), ({ name }) => name)
  return {
    status: 200,
    headers: pageHeaders(state, call, page),
    body: page.items.map((tag) =>
      state.switches.summaryInTagList ? detailView(state, call, tag) : tagView(call, tag),
    ),
  }
}

/** An array too: one element a platform. */
const show = (state: RegistryState, call: Call): Answer => ({
  status: 200,
  body: [detailView(state, call, found(state, call, 'read-only'))],
})

const remove = (state: RegistryState, call: Call): Answer => {
  state.removeTag(found(state, call, 'read-write'))
  return { status: 204 }
}

const Promotion = z.object({ targetRepository: z.string(), targetTag: z.string() })

const promote = async (state: RegistryState, call: Call): Promise<Answer> => {
  const tag = found(state, call, 'read-write')
  const { targetRepository, targetTag } = await call.body(Promotion)
  const target = state.permissions.require(call.caller, targetRepository, 'read-write')
  const promoted = state.promote(tag, target, targetTag, '')
  return { status: 201, body: tagView(call, promoted) }
}

const scan = (state: RegistryState, call: Call): Answer => {
  state.startScan(found(state, call, 'read-write'))
  return { status: 200, body: {} }
}

const scanSummary = (state: RegistryState, call: Call): Answer => {
  const tag = found(state, call, 'read-only')
  const [namespace, repository] = tag.repository.split('/')
  const summary = state.summaryOf(tag)
  const { critical, major, minor } = summary
  return {
    status: 200,
    body: [
      {
        scanStatus: summary.last_scan_status,
        shouldRescan: false,
        scannedImage: {
          pk: `${tag.repository}:${tag.name}`,
          namespace,
          repository,
          tag: tag.name,
          manifestDigest: tag.image.digest,
          totalVulnCount: { critical, major, minor },
          licenses: tag.image.licenses.map((name) => ({ name, type: '', url: '' })),
          layers: [],
          components: tag.image.components.map((name) => ({ componentPK: name, name })),
          cves: [],
          vulnOverrides: [],
        },
      },
    ],
  }
}

/** Tags, their scans and single promotions (reference §8.4 to §8.6). */
export const tagRoutes = (state: RegistryState): Route[] => {
  const tags = '/repositories/:namespace/:repository/tags'
  return registryRoutes([
    { method: 'GET', pattern: tags, handle: (call) => list(state, call) },
    { method: 'GET', pattern: `${tags}/:tag`, handle: (call) => show(state, call) },
    { method: 'DELETE', pattern: `${tags}/:tag`, handle: (call) => remove(state, call) },
    { method: 'POST', pattern: `${tags}/:tag/promotion`, handle: (call) => promote(state, call) },
    {
      method: 'POST',
      pattern: '/imagescan/scan/:namespace/:repository/:tag/:os/:arch',
      handle: (call) => scan(state, call),
    },
    {
      method: 'GET',
      pattern: '/imagescan/scansummary/repositories/:namespace/:repository/:tag',
      handle: (call) => scanSummary(state, call),
    },
    {
      method: 'GET',
      pattern: '/imagescan/status',
      handle: () => ({
        status: 200,
        body: { state: 0, scanner_version: 3, db_version: 1, lastDBUpdateFailed: false, replicas: {} },
      }),
    },
  ])
}
