import { Service } from '@pulumi/docker/service.js'
import { ServiceConfig } from '@pulumi/docker/serviceConfig.js'
import type { DockerService, ServiceFile } from '../model/docker-service.ts'
import { labelList } from './labels.ts'
import type { Registrations, Site } from './site.ts'

/** Docker counts CPUs in billionths. Source: Engine API, `Resources.NanoCPUs`. */
const nanoCpus = (millis: number): number => millis * 1_000_000

const resources = (service: DockerService) => ({
  limits: { nanoCpus: nanoCpus(service.cpuLimitMillis), memoryBytes: service.memoryLimitBytes },
  reservation: {
    nanoCpus: nanoCpus(service.cpuReservationMillis),
    memoryBytes: service.memoryReservationBytes,
  },
})

const secretFile = (site: Site) => (file: ServiceFile) => ({
  secretId: site.registered(file.source).id,
  secretName: file.name,
  fileName: file.target,
})

const configFile = (site: Site) => (file: ServiceFile) => ({
  configId: site.registered(file.source).id,
  configName: file.name,
  fileName: file.target,
})

const volumeMount =
  (site: Site) =>
  ({ source, target }: DockerService['mounts'][number]) => ({
    type: 'volume',
    source: site.registered(source).id,
    target,
  })

const containerSpec = (service: DockerService, site: Site) => ({
  image: service.image,
  env: service.environment,
  secrets: service.secrets.map(secretFile(site)),
  configs: service.configs.map(configFile(site)),
  mounts: service.mounts.map(volumeMount(site)),
})

/** Networks by id, as the plugin reads them back; and a replaced network then replaces the service first. */
const taskSpec = (service: DockerService, site: Site) => ({
  containerSpec: containerSpec(service, site),
  resources: resources(service),
  placement: { constraints: [...service.constraints] },
  networksAdvanceds: service.networks.map(({ source }) => ({ name: site.registered(source).id })),
})

/** Jenkins: its configuration as code and its service. */
export const ci = {
  DockerConfig: (config, site) =>
    new ServiceConfig(
      config.key,
      {
        name: config.name,
        data: Buffer.from(config.data, 'utf8').toString('base64'),
        labels: labelList(config.labels),
      },
      site.options(config, 'docker'),
    ),
  DockerService: (service, site) =>
    new Service(
      service.key,
      {
        name: service.name,
        mode: { replicated: { replicas: service.replicas } },
        taskSpec: taskSpec(service, site),
        labels: labelList(service.labels),
      },
      { ...site.options(service, 'docker'), deleteBeforeReplace: true },
    ),
} satisfies Partial<Registrations>
