import type { StorageBackend } from '../cluster/schema.ts'
import { physicalName } from '../core/name.ts'
import { formatBytes } from '../core/units.ts'
import type { SecretText, VaultField } from '../model/reference.ts'
import type { Volume } from '../model/volume.ts'
import { ownedCollection } from './collection-paths.ts'
import { dependsOn } from './depends-on.ts'
import { dockerLabels } from './docker-labels.ts'
import { keys } from './keys.ts'
import type { TenantScope } from './tenant-scope.ts'

/** What a back end is asked for. */
export interface Share {
  readonly cluster: string
  readonly organization: string
  readonly name: string
  readonly sizeBytes: number
  readonly secured: boolean
}

type Driver = Pick<Volume, 'driver' | 'driverOptions'>

const credential = (path: string, field: string): VaultField => ({
  kind: 'VaultField',
  mount: 'platform',
  path,
  field,
})

const secretText = (...parts: SecretText['parts']): SecretText => ({ kind: 'SecretText', parts })

/** Secured: Kerberos with privacy, RFC 2203 and 7530; it needs the nodes to be in the realm. */
const nfs = (backend: Extract<StorageBackend, { kind: 'nfs' }>, share: Share): Driver => ({
  driver: 'local',
  driverOptions: {
    device: `:${backend.export.replace(/\/$/, '')}/${share.organization}/${share.name}`,
    o: [
      `addr=${backend.server}`,
      'rw',
      ...(backend.options ?? []),
      ...(share.secured ? ['sec=krb5p'] : []),
    ].join(','),
    type: 'nfs',
  },
})

/** Secured: SMB 3 encryption (`seal`), which needs protocol version 3. */
const cifs = (backend: Extract<StorageBackend, { kind: 'cifs' }>, share: Share): Driver => {
  const named = backend.options ?? []
  const version = share.secured && !named.some((option) => option.startsWith('vers=')) ? ['vers=3.1.1'] : []
  const options = [`addr=${backend.server}`, ...named, ...version, ...(share.secured ? ['seal'] : [])]
  return {
    driver: 'local',
    driverOptions: {
      device: `//${backend.server}/${backend.share}/${share.organization}/${share.name}`,
      o: secretText(
        `${options.join(',')},username=`,
        credential(backend.credentials, 'username'),
        ',password=',
        credential(backend.credentials, 'password'),
      ),
      type: 'cifs',
    },
  }
}

/** The plugin's sizes have the unit `GiB`. Secured: the volume is encrypted on the aggregate. */
const netapp = (backend: Extract<StorageBackend, { kind: 'netapp' }>, share: Share): Driver => ({
  driver: backend.driver,
  driverOptions: {
    aggregate: backend.aggregate,
    size: `${formatBytes(share.sizeBytes)}B`,
    svm: backend.svm,
    ...(share.secured ? { encryption: 'true' } : {}),
  },
})

/** A bucket's name is the store's own, and clusters may share the store. Secured: encrypted by the store. */
const scality = (backend: Extract<StorageBackend, { kind: 'scality' }>, share: Share): Driver => ({
  driver: backend.driver,
  driverOptions: {
    accessKey: secretText(credential(backend.credentials, 'accessKey')),
    bucket: physicalName('dockerVolume', share.cluster, share.organization, share.name),
    endpoint: backend.endpoint,
    region: backend.region,
    secretKey: secretText(credential(backend.credentials, 'secretKey')),
    ...(share.secured ? { encryption: 'AES256' } : {}),
  },
})

/** The docker volume driver and its options for a share on a back end. Credentials are read from Vault at deploy time. */
export const driverOf = (backend: StorageBackend, share: Share): Driver => {
  switch (backend.kind) {
    case 'nfs':
      return nfs(backend, share)
    case 'cifs':
      return cifs(backend, share)
    case 'netapp':
      return netapp(backend, share)
    case 'scality':
      return scality(backend, share)
  }
}

/**
 * The docker volumes of a tenant; their data outlives it.
 *
 * Throws Error on a back end that the cluster lacks, which the checks across files report first.
 */
export const volumes = (scope: TenantScope): readonly Volume[] =>
  scope.resolved.volumes.map((volume) => {
    const backend = scope.cluster.storage[volume.backend.value]
    if (backend === undefined)
      throw new Error(`unchecked: ${scope.organization} names storage back end ${volume.backend.value}`)
    const collection = ownedCollection(scope.organization, volume.application.value)
    const share: Share = {
      cluster: scope.cluster.cluster,
      organization: scope.organization,
      name: volume.name,
      sizeBytes: volume.sizeBytes.value,
      secured: volume.access.value === 'secured',
    }
    return {
      kind: 'Volume',
      key: keys.volume(volume.name),
      concern: 'volumes',
      dependsOn: dependsOn(keys.collection(collection)),
      retained: 'data',
      name: physicalName('dockerVolume', scope.organization, volume.name),
      ...driverOf(backend, share),
      labels: dockerLabels(scope.stack, collection),
    }
  })
