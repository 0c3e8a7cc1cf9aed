import type { Document } from 'yaml'
import { isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import * as z from 'zod'

/** What Jenkins would say about a document, and where. */
export interface ConfigurationProblem {
  /** 1-based; 1 where the place is not known. */
  readonly line: number
  readonly warning: string
}

/** A value that the controller fills in at start, e.g. from Vault. */
const variablePattern = /^\$\{[\w./:-]+\}$/

const text = z.string().min(1)
const secretReference = z
  .string()
  .regex(variablePattern, 'is a secret in clear: it has to be a variable that is filled in at start')
const count = z.int().min(0)
const address = z.url({ protocol: /^https?$/, error: 'is no http or https address' })
const amount = z
  .union([z.string(), z.number()])
  .refine((value) => /^\d+(?:\.\d+)?[kmg]?$/i.test(String(value)) && Number.parseFloat(String(value)) > 0, {
    error: 'is no amount above 0',
  })

const LdapRealm = z.strictObject({
  configurations: z
    .array(
      z.strictObject({
        server: text,
        rootDN: text.optional(),
        managerDN: text.optional(),
        managerPasswordSecret: secretReference.optional(),
        userSearch: text.optional(),
        userSearchBase: text.optional(),
        groupSearchBase: text.optional(),
        groupSearchFilter: text.optional(),
        groupMembershipStrategy: z
          .strictObject({
            fromGroupSearch: z.strictObject({ filter: text }).optional(),
            fromUserRecord: z.strictObject({ attributeName: text }).optional(),
          })
          .optional(),
      }),
    )
    .min(1),
})

const LocalRealm = z.strictObject({
  allowsSignup: z.boolean().optional(),
  users: z.array(z.strictObject({ id: text, password: secretReference })).optional(),
})

const Role = z.strictObject({
  name: text,
  permissions: z
    .array(z.string().regex(/^[A-Z]\w+\/[A-Z]\w+$/, "is no permission of the form 'Job/Read'"))
    .min(1),
  entries: z.array(
    z.union([z.strictObject({ group: text }), z.strictObject({ user: text })], {
      error: 'is neither a group nor a user',
    }),
  ),
  pattern: text.optional(),
})

const RoleBased = z.strictObject({
  roles: z.strictObject({
    global: z.array(Role).min(1),
    items: z.array(Role).optional(),
    agents: z.array(Role).optional(),
  }),
})

const AgentTemplate = z.strictObject({
  name: text,
  image: z.string().regex(/^[\w.:-]+(?:\/[\w.-]+)*(?:[:@][\w.:+-]+)?$/, 'is no image'),
  labelString: z.string(),
  remoteFs: z.string().startsWith('/', 'is no absolute path'),
  numExecutors: z.int().min(1),
  maxInstances: z.int().min(1),
  cpuLimit: amount,
  memoryLimit: amount,
  cpuReservation: amount,
  memoryReservation: amount,
})

const SwarmCloud = z.strictObject({
  swarmAgentsCloud: z.strictObject({
    name: text,
    dockerHost: z.string().regex(/^tcp:\/\/[\w.-]+:\d+$/, "is no address of the form 'tcp://host:port'"),
    credentialsId: text,
    jenkinsUrl: address,
    maxConcurrentAgents: z.int().min(1),
    templates: z.array(AgentTemplate).min(1),
  }),
})

const Credential = z.union(
  [
    z.strictObject({
      x509ClientCert: z.strictObject({
        scope: z.enum(['SYSTEM', 'GLOBAL']),
        id: text,
        description: z.string().optional(),
        clientKeySecret: secretReference,
        clientCertificate: secretReference,
        serverCaCertificate: text,
      }),
    }),
    z.strictObject({
      vaultAppRoleCredential: z.strictObject({
        scope: z.enum(['SYSTEM', 'GLOBAL']),
        id: text,
        description: z.string().optional(),
        path: text,
        roleId: secretReference,
        secretId: secretReference,
      }),
    }),
    z.strictObject({
      usernamePassword: z.strictObject({
        scope: z.enum(['SYSTEM', 'GLOBAL']),
        id: text,
        description: z.string().optional(),
        username: text,
        password: secretReference,
      }),
    }),
  ],
  { error: 'is no credential that the stand-in knows, or has a secret in clear' },
)

/** The parts of Jenkins' configuration that a controller of ours is given. */
const Configuration = z.strictObject({
  jenkins: z.strictObject({
    systemMessage: z.string().optional(),
    numExecutors: count.optional(),
    mode: z.enum(['NORMAL', 'EXCLUSIVE']).optional(),
    quietPeriod: count.optional(),
    labelString: z.string().optional(),
    slaveAgentPort: z.int().min(-1).max(65_535).optional(),
    securityRealm: z.union([z.strictObject({ ldap: LdapRealm }), z.strictObject({ local: LocalRealm })]),
    authorizationStrategy: z.strictObject({ roleBased: RoleBased }),
    clouds: z.array(SwarmCloud).optional(),
  }),
  credentials: z
    .strictObject({
      system: z.strictObject({
        domainCredentials: z.array(z.strictObject({ credentials: z.array(Credential) })),
      }),
    })
    .optional(),
  unclassified: z
    .strictObject({
      location: z.strictObject({ url: address.optional(), adminAddress: z.email().optional() }).optional(),
      hashicorpVault: z
        .strictObject({
          configuration: z.strictObject({
            vaultUrl: address,
            vaultCredentialId: text,
            engineVersion: z.literal([1, 2]),
          }),
        })
        .optional(),
    })
    .optional(),
  security: z.record(z.string(), z.unknown()).optional(),
  tool: z.record(z.string(), z.unknown()).optional(),
  jobs: z.array(z.unknown()).optional(),
})
type Configuration = z.infer<typeof Configuration>

type Path = readonly PropertyKey[]

const pathText = (path: Path): string => (path.length === 0 ? 'the document' : path.map(String).join('.'))

/** The line of the nearest part of the document that a path names. */
const lineOf = (document: Document, lines: LineCounter, path: Path): number => {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** Jenkins expands no aliases and refuses duplicate keys (its default of `CASC_YAML_CODE_POINT_LIMIT` aside). */
const strictness = { uniqueKeys: true, merge: false, version: '1.2' } as const

/** Largest document Jenkins' parser takes, in characters: SnakeYAML's default code point limit, 3 MiB. */
const mostCharacters = 3 * 1024 * 1024

const unknownKeys = (issue: z.core.$ZodIssue): string | undefined =>
  issue.code === 'unrecognized_keys'
    ? `Invalid configuration elements for ${pathText(issue.path)}: ${issue.keys.join(', ')}`
    : undefined

const shapeProblems = (document: Document, lines: LineCounter): readonly ConfigurationProblem[] => {
  const parsed = Configuration.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (parsed.success) return ruleProblems(parsed.data, document, lines)
  return parsed.error.issues.map((issue) => ({
    line: lineOf(document, lines, issue.path),
    warning: unknownKeys(issue) ?? `${pathText(issue.path)}: ${issue.message}`,
  }))
}

const credentialIds = (configuration: Configuration): readonly string[] =>
  (configuration.credentials?.system.domainCredentials ?? [])
    .flatMap((domain) => domain.credentials)
    .flatMap((credential) => Object.values(credential).map(({ id }) => id))

/** What refers to a credential, by path. */
const references = (
  configuration: Configuration,
): readonly { readonly path: Path; readonly id: string }[] => {
  const clouds = (configuration.jenkins.clouds ?? []).map((cloud, index) => ({
    path: ['jenkins', 'clouds', index, 'swarmAgentsCloud', 'credentialsId'],
    id: cloud.swarmAgentsCloud.credentialsId,
  }))
  const vault = configuration.unclassified?.hashicorpVault?.configuration.vaultCredentialId
  return vault === undefined
    ? clouds
    : [
        ...clouds,
        { path: ['unclassified', 'hashicorpVault', 'configuration', 'vaultCredentialId'], id: vault },
      ]
}

const repeated = (names: readonly string[]): readonly string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
]

const ruleProblems = (
  configuration: Configuration,
  document: Document,
  lines: LineCounter,
): readonly ConfigurationProblem[] => {
  const ids = credentialIds(configuration)
  const roles = configuration.jenkins.authorizationStrategy.roleBased.roles.global.map(({ name }) => name)
  const at = (path: Path, warning: string): ConfigurationProblem => ({
    line: lineOf(document, lines, path),
    warning: `${pathText(path)}: ${warning}`,
  })
  return [
    ...repeated(ids).map((id) => at(['credentials'], `the credential '${id}' is given twice`)),
    ...repeated(roles).map((role) =>
      at(['jenkins', 'authorizationStrategy'], `the role '${role}' is given twice`),
    ),
    ...references(configuration)
      .filter(({ id }) => !ids.includes(id))
      .map(({ path, id }) => at(path, `there is no credential '${id}'`)),
  ]
}

const syntaxProblems = (document: Document, lines: LineCounter): readonly ConfigurationProblem[] => {
  const errors = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    warning: error.message.split('\n', 1)[0] ?? error.code,
  }))
  const others: ConfigurationProblem[] = []
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node) || (isScalar(node) && node.anchor !== undefined))
        others.push({ line: lines.linePos(node.range?.[0] ?? 0).line, warning: 'aliases are not taken' })
    },
  })
  if (errors.length === 0 && !isMap(document.contents)) others.push({ line: 1, warning: 'it is no map' })
  return [...errors, ...others]
}

/**
 * What is wrong with a configuration as code, with lines; empty where Jenkins would take it. Pure, never throws.
 *
 * Checked: syntax, known elements and their shape, permissions' form, credentials that exist, that no secret stands in
 * clear, and that every agent template has limits. The plugins themselves are not here: their own checks are not made.
 */
export const configurationProblems = (yaml: string): readonly ConfigurationProblem[] => {
  if (yaml.length > mostCharacters) return [{ line: 1, warning: 'it has more than 3 MiB' }]
  const lines = new LineCounter()
  const document = parseDocument(yaml, { ...strictness, lineCounter: lines })
  const syntax = syntaxProblems(document, lines)
  return syntax.length > 0 ? syntax : shapeProblems(document, lines)
}

/** The problems as texts, `line 3: …`; empty where Jenkins would take the document. Pure, never throws. */
export const checkConfigurationAsCode = (yaml: string): string[] =>
  configurationProblems(yaml).map(({ line, warning }) => `line ${line}: ${warning}`)

/** What a controller shows of its configuration; undefined for a document it would not take. */
export const shownOf = (
  yaml: string,
):
  | {
      readonly systemMessage: string
      readonly numExecutors: number
      readonly mode: string
      readonly url?: string
    }
  | undefined => {
  const parsed = Configuration.safeParse(parseDocument(yaml, strictness).toJS({ maxAliasCount: 0 }))
  if (!parsed.success) return undefined
  const { jenkins, unclassified } = parsed.data
  const url = unclassified?.location?.url
  return {
    systemMessage: jenkins.systemMessage ?? '',
    numExecutors: jenkins.numExecutors ?? 2,
    mode: jenkins.mode ?? 'NORMAL',
    ...(url === undefined ? {} : { url }),
  }
}
