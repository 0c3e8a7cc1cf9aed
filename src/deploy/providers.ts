import { Provider as DockerProvider } from '@pulumi/docker/provider.js'
import {
  type ComponentResource,
  type Input,
  ProviderResource,
  type ResourceOptions,
  secret,
} from '@pulumi/pulumi'
import { Provider as VaultProvider } from '@pulumi/vault/provider.js'
import type {
  Connected,
  DockerAccess,
  RegistryAccess,
  UcpAccess,
  VaultAccess,
  VcenterAccess,
} from './connected.ts'

export type ProviderName = 'ucp' | 'docker' | 'vault' | 'vsphere'

/** Gives each provider, made at the first resource that needs it. */
export type Providers = (name: ProviderName) => ProviderResource

/** Whose resources they are for. */
export interface ProvidersRequest {
  /** Name of the stack: the owner that things are marked with in UCP. */
  readonly owner: string
  /** Whether things that exist and are not ours are taken over. */
  readonly adopt: boolean
  readonly parent: ComponentResource
  /** Asked for at the first provider. */
  readonly connected: () => Connected
}

/** Version of the plugin that comes with this checkout. */
const ucpVersion = '0.1.0'

class UcpProvider extends ProviderResource {
  constructor(name: string, inputs: Readonly<Record<string, Input<string>>>, options: ResourceOptions) {
    super('ucp', name, { ...inputs }, { ...options, version: ucpVersion })
  }
}

/** As the README has it installed: without one the engine takes the newest that it finds. */
const vsphereVersion = '4.18.2'

class VsphereProvider extends ProviderResource {
  constructor(name: string, inputs: Readonly<Record<string, Input<string>>>, options: ResourceOptions) {
    super('vsphere', name, { ...inputs }, { ...options, version: vsphereVersion })
  }
}

const ucpInputs = (ucp: UcpAccess, registry: RegistryAccess) => ({
  endpoint: ucp.endpoint,
  username: ucp.username,
  password: secret(ucp.password.reveal()),
  ...(ucp.caCertificate === undefined ? {} : { caCertificate: ucp.caCertificate }),
  registryEndpoint: registry.endpoint,
  registryUsername: registry.username,
  registryToken: secret(registry.token.reveal()),
  ...(registry.caCertificate === undefined ? {} : { registryCaCertificate: registry.caCertificate }),
})

const dockerInputs = (docker: DockerAccess) => ({
  host: docker.host,
  caMaterial: docker.caMaterial,
  certMaterial: docker.certMaterial,
  keyMaterial: secret(docker.keyMaterial.reveal()),
})

const vaultInputs = (vault: VaultAccess) => ({
  address: vault.address,
  token: secret(vault.token.reveal()),
  ...(vault.caFile === undefined ? {} : { caCertFile: vault.caFile }),
})

const vsphereInputs = (vcenter: VcenterAccess) => ({
  vsphereServer: vcenter.server,
  user: vcenter.user,
  password: secret(vcenter.password.reveal()),
  allowUnverifiedSsl: String(vcenter.allowUnverifiedTls),
})

/** Explicit providers, so that nothing is taken from the environment of whoever runs the engine. */
export const makeProviders = (request: ProvidersRequest): Providers => {
  const { owner, adopt, connected } = request
  const options = { parent: request.parent }
  const ownership = { owner, ...(adopt ? { adopt: 'true' } : {}) }
  const make: Readonly<Record<ProviderName, () => ProviderResource>> = {
    ucp: () =>
      new UcpProvider(
        'ucp',
        { ...ucpInputs(connected().ucp(), connected().registry()), ...ownership },
        options,
      ),
    docker: () => new DockerProvider('docker', dockerInputs(connected().docker()), options),
    vault: () => new VaultProvider('vault', vaultInputs(connected().vault()), options),
    vsphere: () => new VsphereProvider('vsphere', vsphereInputs(connected().vcenter()), options),
  }
  const made = new Map<ProviderName, ProviderResource>()
  return (name) => {
    const provider = made.get(name) ?? make[name]()
    made.set(name, provider)
    return provider
  }
}
