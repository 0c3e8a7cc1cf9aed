import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Docker } from '../../clients/docker.ts'
import type { Tls } from '../../clients/http.ts'
import { Secret } from '../../core/secret.ts'
import { type CheckFailure, type Plugin, type Properties, SecretValue } from '../../provider/plugin.ts'
import { type DockerClient, textAt, withClock } from './docker-inputs.ts'
import { getNetwork, network } from './docker-network.ts'
import { secret, serviceConfig } from './docker-payload.ts'
import { service } from './docker-service.ts'
import { volume } from './docker-volume.ts'

/** Where an engine answers when nobody says otherwise (the vendor's default). */
const defaultHost = 'unix:///var/run/docker.sock'

const given = (inputs: Properties, name: string): string | undefined => {
  const value = inputs[name]
  return textAt({ value: value instanceof SecretValue ? value.value : (value ?? null) }, 'value') || undefined
}

const materials = ['caMaterial', 'certMaterial', 'keyMaterial'] as const

const checkConfig = (inputs: Properties): readonly CheckFailure[] => {
  const host = given(inputs, 'host')
  const some = materials.filter((name) => inputs[name] !== undefined)
  return [
    ...(host === undefined || /^(?:tcp|unix):\/\/./.test(host)
      ? []
      : [{ property: 'host', reason: `the lab's stand-in reaches tcp:// and unix:// hosts, not ${host}` }]),
    ...(some.includes('certMaterial') === some.includes('keyMaterial')
      ? []
      : [{ property: 'certMaterial', reason: 'certMaterial and keyMaterial belong together' }]),
  ]
}

const tlsOf = (inputs: Properties): Tls | undefined => {
  const folder = given(inputs, 'certPath')
  const material = (name: (typeof materials)[number], file: string): string | undefined =>
    given(inputs, name) ?? (folder === undefined ? undefined : readFileSync(join(folder, file), 'utf8'))
  const ca = material('caMaterial', 'ca.pem')
  const cert = material('certMaterial', 'cert.pem')
  const key = material('keyMaterial', 'key.pem')
  if (ca === undefined && cert === undefined) return undefined
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: new Secret(key) }),
  }
}

const configure = (inputs: Properties): DockerClient => {
  const tls = tlsOf(inputs)
  return withClock(
    new Docker({
      host: given(inputs, 'host') ?? process.env.DOCKER_HOST ?? defaultHost,
      ...(tls === undefined ? {} : { tls }),
    }),
  )
}

/**
 * Stands in for the vendor's plugin `docker` 5.2.0 where that cannot be installed: the same tokens, properties, ids and
 * replacements for what tenants need, on the Docker Engine API. What it does not know it refuses; it makes no names up.
 */
export const dockerPlugin: Plugin<DockerClient> = {
  name: 'docker',
  version: '5.2.0',
  checkConfig: (inputs) => ({ inputs, failures: checkConfig(inputs) }),
  configure,
  resources: {
    'docker:index/network:Network': network,
    'docker:index/volume:Volume': volume,
    'docker:index/secret:Secret': secret,
    'docker:index/serviceConfig:ServiceConfig': serviceConfig,
    'docker:index/service:Service': service,
  },
  functions: { 'docker:index/getNetwork:getNetwork': getNetwork },
}
