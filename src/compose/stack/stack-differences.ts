import { moves } from './deploy-forms.ts'
import { leftOutReasons, refusals } from './swarm-fields.ts'

/** What became of a value of the model on its way into a stack file. */
export type DifferenceKind = 'left out' | 'moved' | 'refused' | 'supplied' | 'written otherwise'

/** Where a stack file says otherwise than the merged compose files do, and why that is meant. */
export interface StackDifference {
  /** Where in a model, `*` for any one step; what stands below is meant too. */
  readonly path: string
  readonly kind: DifferenceKind
  /** A clause. */
  readonly reason: string
}

const rows =
  (kind: DifferenceKind) =>
  ([path, reason]: readonly [path: string, reason: string]): StackDifference => ({ path, kind, reason })

const written: readonly (readonly [path: string, reason: string])[] = [
  ['services.*.command', 'a text stays one: `docker stack deploy` splits it into words by the same rules'],
  ['services.*.entrypoint', 'a text stays one: `docker stack deploy` splits it into words by the same rules'],
  ['services.*.healthcheck.test', 'a text stays one: `docker stack deploy` hands it to the shell'],
  ['services.*.depends_on', 'a list of names: Swarm starts all services at once and waits for none'],
  ['services.*.environment', 'a variable without a value is left out: it would take that of whoever deploys'],
  ['services.*.volumes.*.source', 'a path is shown from the folder of the stack file'],
  ['services.*.credential_spec', 'a path is shown from the folder of the stack file'],
  ['services.*.extra_hosts', 'a list of `host:address`, in the order of the files'],
  ['secrets.*.file', 'a path is shown from the folder of the stack file'],
  ['configs.*.file', 'a path is shown from the folder of the stack file'],
  ['version', 'a stack file has a version: the lowest that has its fields'],
]

const dropped: readonly (readonly [path: string, reason: string])[] = [
  ['x-*', 'an extension is a remark, wherever it stands'],
  ['name', 'a stack gets its name from who deploys it'],
  ...['networks', 'volumes', 'secrets', 'configs'].map(
    (kind) =>
      [
        `${kind}.*.name`,
        '`docker stack deploy` puts the name of the stack before the key where none is given',
      ] as const,
  ),
  ...['networks', 'secrets', 'configs'].map(
    (kind) =>
      [`${kind}.*`, 'of what is external, and there already, a stack says no more than the name'] as const,
  ),
  ['services.*.profiles', 'profiles have been applied'],
  ['services.*.env_file', 'the files have been read into `environment`'],
  ['services.*.label_file', 'the files have been read into `labels`'],
]

const vaultHolds = 'Vault holds it: the service is told where, and logs in with its half of the role'

const supplied: readonly (readonly [path: string, reason: string])[] = [
  ['services.*.deploy.labels', "UCP's access label, and what usage is charged by"],
  ['services.*.labels', 'what usage is charged by'],
  ['services.*.logging', 'a log driver that writes the labels by which usage is charged'],
  ['services.*.deploy.placement.constraints', "the nodes of the tenant's offer"],
  ['services.*.deploy.resources.reservations', "what the tenant's reservation policy makes of the limits"],
  ['services.*.environment.VAULT_ADDR', vaultHolds],
  ['services.*.environment.VAULT_PATHS', vaultHolds],
  ['services.*.environment.VAULT_ROLE_ID_FILE', vaultHolds],
  ['services.*.secrets', vaultHolds],
  ['secrets.*', vaultHolds],
  [
    'networks.*',
    "the tenant's network, which is there; or one of the stack, made and labelled as the platform's are",
  ],
  ['volumes.*', "the tenant's volume with the driver options of its back end; or one of the stack, labelled"],
  ['secrets.*.labels', "UCP's access label"],
  ['configs.*.labels', "UCP's access label"],
]

const movedRows = [
  ...moves.map(
    ({ from, to }) =>
      [
        `services.*.${from}`,
        `it stands at \`${to.join('.')}\`, where Swarm reads it; of two that differ that one holds, and both are told (the reference refuses them)`,
      ] as const,
  ),
  ['services.*.restart', 'it stands at `deploy.restart_policy`, where Swarm reads it'] as const,
  [
    'services.*.tmpfs',
    'it stands among `volumes`, as a mount of type `tmpfs`: of the short form `docker stack deploy` mounts nothing',
  ] as const,
]

/** Every difference that is meant. The reasons of what is left out or refused are those that the merge itself tells. */
export const stackDifferences: readonly StackDifference[] = [
  ...refusals.map(([path, { why }]) => rows('refused')([path, why])),
  ...leftOutReasons.map(rows('left out')),
  ...dropped.map(rows('left out')),
  ...movedRows.map(rows('moved')),
  ...written.map(rows('written otherwise')),
  ...supplied.map(rows('supplied')),
]
