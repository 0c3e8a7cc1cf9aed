import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { goodStack } from '../compliance/stack-case.ts'

type Service = Record<string, unknown>

/** A registry that the cluster of the checks allows, with a repository of the tenant's. */
const ownImage = 'registry.nonprod.example/acme/shop'

/** What may be wrong with a service, one thing each. Every rule that is compared with other tools has one here. */
const faults: readonly ((service: Service) => void)[] = [
  (service) => Object.assign(service, { user: 'root' }),
  (service) => Object.assign(service, { user: '0:1000' }),
  (service) => Object.assign(service, { privileged: true }),
  (service) => Object.assign(service, { cap_add: ['NET_ADMIN'] }),
  (service) => delete service.security_opt,
  (service) => Object.assign(service, { image: `${ownImage}:latest` }),
  (service) => Object.assign(service, { image: ownImage }),
  (service) => Object.assign(service, { image: 'docker.io/library/nginx:1.27.3' }),
  (service) => Object.assign(service, { pid: 'host' }),
  (service) => delete service.healthcheck,
  (service) => delete service.logging,
  (service) => delete (service.deploy as Service).restart_policy,
  (service) => delete (service.deploy as Service).update_config,
  (service) => delete ((service.deploy as Service).resources as Record<string, Service>).limits?.cpus,
  (service) => delete ((service.deploy as Service).resources as Record<string, Service>).limits?.memory,
]

const names = ['web', 'api', 'worker', 'ledger', 'mail'] as const

/** A number below `below`, the same for the same file, service and purpose: files are to be the same on every machine. */
const pick = (below: number, ...from: readonly number[]): number =>
  from.reduce((sum, one) => Math.imul(sum ^ one, 2654435761) >>> 7, 977) % below

const serviceOf = (file: number, at: number): Service => {
  const { web } = goodStack().services
  if (web === undefined) throw new Error('the good stack has a service')
  const service: Service = { ...structuredClone(web), image: `${ownImage}:1.${file % 40}.${at}` }
  const environment = Array.from({ length: 12 }, (_, of) => [
    `SETTING_${of}`,
    `value-${pick(900, file, at, of)}`,
  ])
  service.environment = Object.fromEntries(environment)
  service.ports = at === 0 ? ['8443:8443'] : []
  // Half of the services are as they should be.
  for (let wrong = pick(4, file, at, 1) - 1; wrong > 0; wrong--)
    faults[pick(faults.length, file, at, wrong, 2)]?.(service)
  return service
}

/** Stack `file` of the benchmark: two to five services of some 40 lines each, about half of which have something wrong. */
export const benchStack = (file: number) => {
  const used = names.slice(0, 2 + pick(4, file))
  return {
    ...goodStack(),
    services: Object.fromEntries(used.map((name, at) => [name, serviceOf(file, at)])) as Record<
      string,
      Service
    >,
  }
}

/** The Dockerfile of an image such as a service's of the stack, with what is wrong there: the user, the base's tag and registry, no health check. */
const dockerfileOf = (service: Service): string => {
  const { image, user, healthcheck } = service as { image: string; user: string; healthcheck?: object }
  return [
    `FROM ${image}`,
    'WORKDIR /srv/shop',
    'COPY package.json package-lock.json ./',
    'RUN npm ci --omit=dev && npm cache clean --force',
    'COPY src ./src',
    ...Object.entries(service.environment as Record<string, string>).map(
      ([name, value]) => `ENV ${name}=${value}`,
    ),
    ...(healthcheck === undefined ? [] : ['HEALTHCHECK CMD ["/bin/health"]']),
    `USER ${user}`,
    'ENTRYPOINT ["/shop"]',
    '',
  ].join('\n')
}

/** Writes so many compose files into `stacks` and as many Dockerfiles into `dockerfiles` of the folder; gives their names, each list in order. */
export const writeBenchFiles = (folder: string, count: number) => {
  for (const name of ['stacks', 'dockerfiles']) mkdirSync(join(folder, name))
  const files = Array.from({ length: count }, (_, file) => {
    const stack = benchStack(file)
    const number = String(file).padStart(4, '0')
    const [stackFile, dockerfile] = [
      join(folder, 'stacks', `${number}.yml`),
      join(folder, 'dockerfiles', `${number}.Dockerfile`),
    ]
    writeFileSync(stackFile, stringify(stack, { aliasDuplicateObjects: false }))
    writeFileSync(dockerfile, dockerfileOf(stack.services.web ?? {}))
    return { stackFile, dockerfile }
  })
  return {
    stacks: files.map(({ stackFile }) => stackFile),
    dockerfiles: files.map(({ dockerfile }) => dockerfile),
  }
}
