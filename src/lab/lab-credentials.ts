import { join, relative } from 'node:path'
import type { ClusterLab } from './cluster-lab.ts'
import { platformUser } from './cluster-lab.ts'
import { type LabLayout, writePrivate } from './layout.ts'
import { type People, passwordsJson } from './people.ts'
import type { LabVcenter } from './vcenter/lab-vcenter.ts'

/**
 * Protects the state's secrets in form only: what it would protect lies beside it in clear and dies with the lab. It is
 * fixed because the salts in `stacks/Pulumi.*.yaml` outlive a lab and fit one passphrase.
 */
export const passphrase = 'tenantry-lab'

/** The file that PULUMI_CONFIG_PASSPHRASE_FILE names. */
export const passphraseFile = (layout: LabLayout): string => join(layout.secrets, 'passphrase')

/** Name → password of the directory's people. */
export const usersFile = (layout: LabLayout): string => join(layout.secrets, 'users.json')

/** Writes one cluster's secret files and tells how to connect, as `Connection` of src/deploy/connections.ts has it. */
const writeCluster = async (layout: LabLayout, lab: ClusterLab): Promise<Record<string, unknown>> => {
  const folder = join(layout.secrets, lab.cluster.cluster)
  const keep = async (name: string, text: string): Promise<string> => {
    await writePrivate(join(folder, name), text)
    return relative(layout.folder, join(folder, name))
  }
  const bundle = await lab.ucp.issueBundle(platformUser)
  const password = await keep('platform-password', lab.platformPassword.reveal())
  await keep('jenkins-password', lab.jenkinsPassword.reveal())
  await keep('vault-root-token', lab.vault.rootToken.reveal())
  return {
    ucp: {
      endpoint: lab.ucp.address,
      caFile: await keep('ucp-ca.pem', lab.ucp.caCertificate),
      username: platformUser,
      passwordFile: password,
    },
    docker: {
      host: bundle.host,
      caFile: await keep('bundle/ca.pem', bundle.certificateAuthority),
      certFile: await keep('bundle/cert.pem', bundle.certificate),
      keyFile: await keep('bundle/key.pem', bundle.key),
    },
    registry: {
      endpoint: lab.registry.address,
      caFile: await keep('registry-ca.pem', lab.registry.caCertificate),
      username: platformUser,
      tokenFile: password,
    },
    vault: {
      address: lab.vault.address,
      tokenFile: await keep('vault-token', lab.vault.platformToken.reveal()),
    },
  }
}

const writeVcenter = async (layout: LabLayout, vcenter: LabVcenter): Promise<Record<string, unknown>> => {
  const file = join(layout.secrets, 'vcenter-password')
  await writePrivate(file, vcenter.password.reveal())
  return {
    server: vcenter.address,
    user: vcenter.user,
    passwordFile: relative(layout.folder, file),
    // The vendor's plugin takes no authority of its own, only the system's; the vCenter of a lab is on loopback.
    allowUnverifiedTls: true,
  }
}

/** Writes every credential of a lab, each to a file of its own, and `connections.json` that names them. */
export const writeCredentials = async (
  layout: LabLayout,
  lab: { readonly clusters: readonly ClusterLab[]; readonly vcenter: LabVcenter; readonly people: People },
): Promise<void> => {
  const vcenter = await writeVcenter(layout, lab.vcenter)
  const clusters: Record<string, unknown> = {}
  for (const cluster of lab.clusters)
    clusters[cluster.cluster.cluster] = { ...(await writeCluster(layout, cluster)), vcenter }
  await writePrivate(usersFile(layout), passwordsJson(lab.people))
  await writePrivate(passphraseFile(layout), passphrase)
  await writePrivate(layout.connections, `${JSON.stringify({ clusters }, null, 2)}\n`)
}
