import { createHash } from 'node:crypto'
import { strToU8, type Zippable, zipSync } from 'fflate'
import type { KeyPair } from '../certificates.ts'

export interface BundleContent {
  readonly user: string
  /** `host:port` of UCP. */
  readonly host: string
  readonly certificateAuthority: string
  readonly keys: KeyPair
}

const text = (value: string): Uint8Array => strToU8(value)

const environment = ({ host, user }: BundleContent): Zippable => ({
  'env.sh': text(
    `export COMPOSE_TLS_VERSION=TLSv1_2\nexport DOCKER_TLS_VERIFY=1\nexport DOCKER_CERT_PATH="$PWD"\nexport DOCKER_HOST=tcp://${host}\n# Bundle of ${user}\n`,
  ),
  'env.cmd': text(
    `@echo off\r\nset COMPOSE_TLS_VERSION=TLSv1_2\r\nset DOCKER_TLS_VERIFY=1\r\nset DOCKER_CERT_PATH=%~dp0\r\nset DOCKER_HOST=tcp://${host}\r\n`,
  ),
  'env.ps1': text(
    `$env:COMPOSE_TLS_VERSION = "TLSv1_2"\n$env:DOCKER_TLS_VERIFY = "1"\n$env:DOCKER_CERT_PATH = $PSScriptRoot\n$env:DOCKER_HOST = "tcp://${host}"\n`,
  ),
})

const contextMeta = ({ host, user }: BundleContent): string =>
  JSON.stringify({
    Name: `ucp_${host}_${user}`,
    Metadata: { Description: `UCP ${host}`, StackOrchestrator: 'swarm' },
    Endpoints: { docker: { Host: `tcp://${host}`, SkipTLSVerify: false } },
  })

/** A docker context as `docker context import` takes it. */
const dockerContext = (content: BundleContent): Uint8Array =>
  zipSync({
    'meta.json': text(contextMeta(content)),
    tls: {
      docker: {
        'ca.pem': text(content.certificateAuthority),
        'cert.pem': text(content.keys.certificate),
        'key.pem': text(content.keys.key),
      },
    },
  })

/** The zip of a client bundle, without `kube.yml`: Kubernetes is off (reference §1.4). */
export const bundleZip = (content: BundleContent): Buffer =>
  Buffer.from(
    zipSync({
      'ca.pem': text(content.certificateAuthority),
      'cert.pem': text(content.keys.certificate),
      'key.pem': text(content.keys.key),
      'cert.pub': text(content.keys.publicKey),
      ...environment(content),
      'ucp-docker-bundle.zip': dockerContext(content),
    }),
  )

/** The name of a bundle's file, one per user and host. */
export const bundleFileName = ({ host, user }: BundleContent): string =>
  `ucp-bundle-${user}-${createHash('sha256').update(host).digest('hex').slice(0, 8)}.zip`
