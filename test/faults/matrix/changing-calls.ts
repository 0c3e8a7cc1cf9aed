import type { ClusterLab } from '../../../src/lab/cluster-lab.ts'
import type { FaultedCall, Faults, InjectedFault } from '../../../src/lab/faults.ts'
import type { Lab } from '../../../src/lab/lab.ts'

type Part = 'UCP' | 'engine' | 'registry' | 'Vault' | 'vCenter'

/** A call that changes something at one of the platform’s servers. */
export interface ChangingCall {
  readonly part: Part
  /** Server, method and path without names, or the SOAP operation: calls of one kind are one case of the matrix. */
  readonly kind: string
  readonly method: string
  readonly url: string
}

/** What happens to it; undefined lets it pass. */
export type Act = (call: ChangingCall) => InjectedFault | undefined

/** What stands in paths as itself; everything else there is a name, an id or a version. */
const words = new Set(
  [
    'accounts teams members memberSyncConfig collections children roles collectionGrants defaultCollection',
    'api ucp config-toml nodes update networks create volumes secrets configs services content-trust',
    'v0 repositories teamAccess promotionPolicies webhooks settings',
    'v1 sys mounts auth tune policies acl approle role role-id secret-id custom-secret-id ldap groups config data metadata',
    'rest com vmware cis tagging tag category tag-association',
  ].flatMap((line) => line.split(' ')),
)

const templateOf = (url: string): string => {
  const [path = '', query = ''] = url.split('?', 2)
  const segments = path.split('/').map((one) => (one === '' || words.has(one) ? one : '{}'))
  const action = /(?:^|&)(~action=[\w-]+)/.exec(query)?.[1]
  return `${segments.join('/')}${action === undefined ? '' : `?${action}`}`
}

const reads = new Set(['GET', 'HEAD', 'LIST', 'OPTIONS'])

/** SOAP operations that change nothing that stays. */
const readingOperation = /^(?:Retrieve|Find|Query|Login|Logout|CreateContainerView|DestroyView|Wait|Check)/

const isTagQuery = (url: string): boolean => /cis\/session|~action=(?:list|find|get)/.test(url)

const isEngineCall = (url: string): boolean => /^\/v1\.\d+\//.test(url)

const isLogin = (url: string): boolean => /^\/(?:auth|id)\/|\/auth\/[^/]+\/login/.test(url)

/** The kind of a call, undefined of one that changes nothing. Pure. */
export const kindOf = (
  part: Part,
  { method = '', url = '', operation }: FaultedCall,
): ChangingCall | undefined => {
  if (reads.has(method) || isLogin(url)) return undefined
  if (part === 'vCenter' && operation !== undefined)
    return readingOperation.test(operation)
      ? undefined
      : { part, kind: `${part} ${operation}`, method, url: operation }
  if (part === 'vCenter' && isTagQuery(url)) return undefined
  const where = part === 'UCP' && isEngineCall(url) ? 'engine' : part
  const path = where === 'engine' ? url.replace(/^\/v1\.\d+/, '') : url
  return { part: where, kind: `${where} ${method} ${templateOf(path)}`, method, url }
}

const frontsOf = (lab: Lab, { ucp, registry, vault }: ClusterLab): readonly (readonly [Part, Faults])[] => {
  const proxies = [vault.proxy, lab.vcenter.proxy]
  if (proxies.includes(undefined)) throw new Error('this lab has no fault proxies')
  return [
    ['UCP', ucp.faults],
    ['registry', registry.faults],
    ...(vault.proxy === undefined ? [] : [['Vault', vault.proxy.faults] as const]),
    ...(lab.vcenter.proxy === undefined ? [] : [['vCenter', lab.vcenter.proxy.faults] as const]),
  ]
}

/** Decides about every changing call of one cluster, at all of its servers. */
export class Disturbance {
  #act: Act = () => undefined

  constructor(lab: Lab, cluster: ClusterLab) {
    for (const [part, faults] of frontsOf(lab, cluster))
      faults.next = (call) => {
        const changing = kindOf(part, call)
        return changing === undefined ? undefined : this.#act(changing)
      }
  }

  /** From now on; `rest` ends it. */
  direct(act: Act): void {
    this.#act = act
  }

  rest(): void {
    this.#act = () => undefined
  }
}
