/** Which folder may import which, in the order one change passes through them. Each rule says why. */
const layers = {
  core: [],
  tenant: ['core'],
  cluster: ['core'],
  fleet: ['core'],
  exception: ['core'],
  policy: ['core', 'cluster', 'exception'],
  model: ['core'],
  compliance: ['core', 'tenant', 'cluster', 'exception', 'policy', 'model', 'compile', 'compose'],
  load: ['core', 'tenant', 'cluster', 'fleet', 'exception', 'policy', 'compile'],
  compile: ['core', 'tenant', 'cluster', 'model'],
  clients: ['core'],
  image: ['core', 'clients', 'compliance'],
  provider: ['core', 'clients'],
  forge: ['core', 'clients'],
  plan: ['core', 'tenant', 'cluster', 'fleet', 'exception', 'model', 'compile'],
  deploy: ['core', 'tenant', 'cluster', 'model', 'clients'],
  survey: ['core', 'clients', 'compile', 'deploy', 'model', 'plan', 'provider'],
  engine: ['core'],
  git: ['core'],
  lab: ['core', 'tenant', 'cluster', 'clients', 'provider', 'engine', 'deploy'],
  compose: ['core', 'tenant', 'cluster', 'model', 'load', 'compile'],
  simulate: ['core', 'tenant', 'cluster', 'compile', 'watch'],
  watch: ['core', 'tenant', 'cluster', 'model', 'clients', 'compile', 'load', 'plan', 'engine'],
}

const reasons = {
  core: 'core is what everything stands on; it imports nothing of ours.',
  tenant: 'the tenant schema is data; whoever needs more stands above it.',
  cluster: 'the cluster schema is data; whoever needs more stands above it.',
  fleet: 'what holds for the whole fleet is data; whoever applies it stands above it.',
  exception: 'overrides and holds are data with an end; whoever heeds them stands above them.',
  policy:
    'what the platform asks of compose files is data, and whom it binds; what checks the files stands above it.',
  compliance:
    'the checks judge a stack by what they are given; who reads images, registries and clusters stands above them.',
  model: 'the desired state is plain data that every later step reads; it knows nobody.',
  load: 'loading reads and checks files; it knows no remote system and no engine.',
  compile: 'compile is pure: what decides about a tenant must not reach the world.',
  clients: 'a client knows one remote API and nothing of tenants.',
  image:
    'an image is read and described for the rules; what they make of it, and tenants, are not its business.',
  provider: 'the provider knows UCP and DTR, not tenants; it could be published alone.',
  forge: 'the forge carries a report to its readers; it knows nothing of what is in it.',
  plan: 'plans are values; effects live elsewhere.',
  deploy:
    'deploy folds the desired state into resources without decisions; of remote systems it asks only what no plugin can ask.',
  survey:
    'a survey looks at what is live and changes nothing; whether it belongs to somebody is decided in plan.',
  engine: 'the engine runs stacks; what is in them is not its business.',
  git: 'git is asked about commits and files; what they mean is not its business.',
  compose:
    'compose files are read, merged and written as data; what checks them or deploys them stands above.',
  simulate: 'a rehearsal is pure: it knows no remote system, and of the watchers only what they decide.',
  watch:
    'the watchers keep hosts well and pools large enough; they know no command line, and what they decide they decide in pure files.',
  lab: 'the lab stands in for the platform; it must not know how tenants are compiled.',
}

export default {
  forbidden: [
    ...Object.entries(layers).map(([from, allowed]) => ({
      name: `${from}-imports-only-what-stands-below`,
      comment: reasons[from],
      severity: 'error',
      from: { path: `^src/${from}/` },
      to: { path: '^src/', pathNot: `^src/(${[from, ...allowed].join('|')})/` },
    })),
    {
      name: 'no-cycles',
      comment: 'A cycle means that two files are one thought: move the shared part below both.',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-folders-have-no-effects',
      comment:
        'model, compile, compliance, plan and simulate are pure: no files, no network, no processes, no engine.',
      severity: 'error',
      from: { path: '^src/(model|compile|compliance|plan|simulate)/' },
      to: {
        path: '^(node:)?(fs|fs/promises|net|tls|http|https|child_process|dgram|dns)$|@pulumi|undici|grpc',
      },
    },
    {
      name: 'watchers-decide-without-effects',
      comment:
        'What a watcher decides is rehearsed with the same functions: no clients, no files, no engine. Effects stand in the files beside, named after what they do.',
      severity: 'error',
      from: { path: '^src/watch/(node/decide-|node/judge-|cluster/)' },
      to: {
        path: '^src/(clients|engine|load)/|^(node:)?(fs|fs/promises|net|tls|http|https|child_process|dgram|dns|os)$|@pulumi|undici|grpc',
      },
    },
    {
      name: 'rehearsals-decide-as-the-watchers-do',
      comment:
        'A rehearsal stands for the real watchers only as far as it calls the same decisions; what they do to the world is not its business.',
      severity: 'error',
      from: { path: '^src/simulate/' },
      to: { path: '^src/watch/', pathNot: '^src/watch/(node-sample\\.ts|cluster/|node/(decide-|judge-))' },
    },
    {
      name: 'layers-are-read-without-effects',
      comment:
        'What a hostile image may do is decided where nothing can happen: tars, layers and documents are folded in memory; files, sockets and clients stand in source, in malware and in the entry.',
      severity: 'error',
      from: {
        path: '^src/image/(tar|layer|compression)/|^src/image/[^/]+[.]ts$',
        pathNot: '^src/image/read-image[.]ts$',
      },
      to: {
        path: '^src/clients/|^(node:)?(fs|fs/promises|net|tls|http|https|child_process|dgram|dns)$|undici',
      },
    },
    {
      name: 'status-codes-live-in-clients',
      comment: 'Only clients and the lab speak HTTP, so that status codes are known in one place.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(clients|lab)/' },
      to: { path: 'undici' },
    },
    {
      name: 'no-orphans',
      comment: 'A file nobody imports is dead, or a root that should be listed here.',
      severity: 'error',
      from: {
        orphan: true,
        path: '^src/',
        pathNot: '^src/(program|ucp-plugin)\\.ts$|^src/cli/main\\.ts$|-main\\.ts$|^src/lab/daemon\\.ts$',
      },
      to: {},
    },
    {
      name: 'src-does-not-import-tests',
      comment: 'Tests are built on the system, never the other way round.',
      severity: 'error',
      from: { path: '^(src|bin|scripts)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
}
