import { runtime, secret } from '@pulumi/pulumi'
import { Secret } from '../../src/core/secret.ts'
import type { Connected } from '../../src/deploy/connected.ts'
import { deployStack } from '../../src/deploy/deploy-stack.ts'
import type { StackState } from '../../src/model/desired-state.ts'

export interface Registered {
  readonly type: string
  readonly name: string
  readonly inputs: Readonly<Record<string, unknown>>
}

export interface Called {
  readonly token: string
  readonly inputs: Readonly<Record<string, unknown>>
}

export const connected: Connected = {
  ucp: () => ({
    endpoint: 'https://ucp.example',
    username: 'svc-tenantry',
    password: new Secret('ucp-password'),
  }),
  docker: () => ({
    host: 'tcp://ucp.example:443',
    caMaterial: 'ca',
    certMaterial: 'cert',
    keyMaterial: new Secret('docker-key'),
  }),
  registry: () => ({
    endpoint: 'https://dtr.example',
    username: 'svc-tenantry',
    token: new Secret('dtr-token'),
  }),
  vault: () => ({ address: 'https://vault.example', token: new Secret('vault-token') }),
  vcenter: () => ({
    server: 'vcenter.example',
    user: 'svc',
    password: new Secret('vcenter-password'),
    allowUnverifiedTls: false,
  }),
}

const answers: Readonly<Record<string, Record<string, unknown>>> = {
  'vault:kv/getSecretV2:getSecretV2': { data: { username: 'svc-cifs', password: 'hunter2' } },
  'vsphere:index/getComputeCluster:getComputeCluster': { id: 'domain-c1', resourcePoolId: 'resgroup-1' },
  'vsphere:index/getVirtualMachine:getVirtualMachine': {
    id: '4207-uuid',
    guestId: 'otherLinux64Guest',
    firmware: 'bios',
    scsiType: 'pvscsi',
  },
}

const outputsOf = (type: string): Record<string, unknown> =>
  type === 'vault:appRole/authBackendRole:AuthBackendRole' ? { roleId: 'the-role-id' } : {}

/** Registers a state against a recording engine; gives what was registered and asked, in order. */
export const register = async (
  state: StackState,
  connect: () => Connected = () => connected,
): Promise<{ resources: readonly Registered[]; calls: readonly Called[] }> => {
  const resources: Registered[] = []
  const calls: Called[] = []
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        resources.push({ type, name, inputs })
        return { id: `${name}-id`, state: { ...inputs, ...outputsOf(type) } }
      },
      call: ({ token, inputs }) => {
        calls.push({ token, inputs })
        return answers[token] ?? { id: `${token.split(':').at(-1)}-id` }
      },
    },
    'tenantry',
    state.stack,
  )
  try {
    const tickets = ({ path }: { readonly path: string }) => secret(`opens ${path} once`)
    await deployStack({ state, connected: connect, tickets })
  } finally {
    await runtime.disconnect()
  }
  return { resources, calls }
}
