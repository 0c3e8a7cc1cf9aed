import { Vsphere } from '../../../src/clients/vsphere.ts'
import { createFolder, requireAt } from '../../../src/clients/vsphere-inventory.ts'
import { createResourcePool } from '../../../src/clients/vsphere-pools.ts'
import { createTag, createTagCategory } from '../../../src/clients/vsphere-tags.ts'
import type { ClusterLab } from '../../../src/lab/cluster-lab.ts'
import type { Lab } from '../../../src/lab/lab.ts'
import { type Hands, handsOn } from '../../integration/by-hand.ts'

const idIn = (answer: unknown): string => {
  const one = (Array.isArray(answer) ? answer.at(-1) : answer) as { id?: string } | undefined
  if (one?.id === undefined) throw new Error(`no id in ${JSON.stringify(answer)}`)
  return one.id
}

const collectionId = async (hands: Hands, path: string): Promise<string> => {
  const all = (await hands.ucp('GET', '/collections?limit=10000')) as { path: string; id: string }[]
  const found = all.find((one) => one.path === path)
  if (found === undefined) throw new Error(`no collection ${path}`)
  return found.id
}

const plantAccess = async (hands: Hands, foreign: string): Promise<void> => {
  await hands.ucp('POST', '/accounts/', { name: foreign, fullName: 'Theirs', isOrg: true })
  const team = idIn(
    await hands.ucp('POST', `/accounts/${foreign}/teams`, { name: 'developers', description: 'Theirs' }),
  )
  const parent_id = await collectionId(hands, '/Run/Std')
  const collection = idIn(
    await hands.ucp('POST', '/collections', { name: foreign, parent_id, label_constraints: [] }),
  )
  const operations = { Container: { 'Container View': [] } }
  const role = idIn(await hands.ucp('POST', '/roles', { name: foreign, system_role: false, operations }))
  await hands.ucp('PUT', `/collectionGrants/${team}/${collection}/${role}`, {})
}

const plantInEngine = async (hands: Hands, foreign: string): Promise<void> => {
  await hands.ucp('POST', '/networks/create', { Name: `${foreign}-net`, Driver: 'overlay' })
  await hands.ucp('POST', '/volumes/create', { Name: `${foreign}-data` })
  await hands.ucp('POST', '/secrets/create', { Name: `${foreign}-key`, Data: 'dGhlaXJz', Labels: {} })
  await hands.ucp('POST', '/configs/create', { Name: `${foreign}-conf`, Data: 'dGhlaXJz', Labels: {} })
}

const plantInRegistry = async (hands: Hands, foreign: string): Promise<void> => {
  for (const name of ['shop', 'shop-prod'])
    await hands.registry('POST', `/repositories/${foreign}`, {
      ...{ name, shortDescription: 'Theirs', visibility: 'private' },
      ...{ scanOnPush: false, immutableTags: false },
    })
  await hands.registry('PUT', `/repositories/${foreign}/shop/teamAccess/developers`, {
    accessLevel: 'read-only',
  })
  await hands.registry('POST', '/webhooks', {
    ...{ type: 'TAG_PUSH', key: `${foreign}/shop`, endpoint: 'https://theirs.bank.example' },
  })
}

const plantInVault = async (hands: Hands, foreign: string): Promise<void> => {
  await hands.vault('POST', `sys/mounts/orgs/${foreign}`, { type: 'kv', options: { version: '2' } })
  await hands.vault('PUT', `sys/policies/acl/${foreign}`, { policy: 'path "orgs/*" { capabilities = [] }' })
  await hands.vault('POST', 'auth/ldap/groups/theirs', { policies: [foreign] })
  await hands.vault('POST', `auth/approle/role/${foreign}`, { token_policies: [foreign] })
}

const plantInVcenter = async ({ vcenter }: Lab, foreign: string): Promise<void> => {
  const vsphere = new Vsphere({
    server: vcenter.address,
    user: vcenter.user,
    password: vcenter.password,
    tls: { ca: vcenter.caCertificate },
  })
  try {
    const folder = await requireAt(vsphere, '/DC0/vm', 'folder')
    await createFolder(vsphere, folder, foreign)
    const pool = await requireAt(vsphere, '/DC0/host/DC0_C0/Resources', 'resource pool')
    const unlimited = {
      reservation: 0,
      limit: -1,
      expandable: true,
      shareLevel: 'normal',
      shares: 4000,
    } as const
    await createResourcePool(vsphere, pool, { name: foreign, cpu: unlimited, memory: unlimited })
    const category = { name: foreign, description: '', cardinality: 'SINGLE', associableTypes: [] } as const
    const categoryId = await createTagCategory(vsphere, category)
    await createTag(vsphere, { name: foreign, description: '', categoryId })
  } finally {
    await vsphere.close()
  }
}

/**
 * Plants one thing of every kind that belongs to somebody else, whose name begins as ours does; some by the names that ours have elsewhere. They are in
 * the undisturbed world that every case is compared with.
 */
export const plantForeign = async (
  lab: Lab,
  cluster: ClusterLab,
  foreign = 'interrupted-too',
): Promise<void> => {
  const hands = handsOn(cluster)
  try {
    await plantAccess(hands, foreign)
    await plantInEngine(hands, foreign)
    await plantInRegistry(hands, foreign)
    await plantInVault(hands, foreign)
    await plantInVcenter(lab, foreign)
  } finally {
    await hands.close()
  }
}
