/** What an engine call is about. */
export type Subject =
  | 'service'
  | 'task'
  | 'node'
  | 'network'
  | 'volume'
  | 'secret'
  | 'config'
  | 'container'
  | 'exec'

/** How an engine call is checked. */
type Rule =
  /** Any user. */
  | { readonly kind: 'anyone' }
  /** Admins only. */
  | { readonly kind: 'admin' }
  /** UCP does not offer it. */
  | { readonly kind: 'unsupported' }
  /** A stream that shows events of what the caller may view. */
  | { readonly kind: 'events' }
  /** On images, which lie in the root collection. */
  | { readonly kind: 'image'; readonly operation: string; readonly forced?: string }
  /** Entries the caller may not view are left out. */
  | { readonly kind: 'list'; readonly subject: Subject; readonly operation: string }
  /** On one object, in that object's collection; `container` is an operation on the container in the body. */
  | {
      readonly kind: 'object'
      readonly subject: Subject
      readonly operation: string
      readonly inBody?: string
    }
  /** Makes one, in the collection that its access label names. */
  | { readonly kind: 'create'; readonly subject: Subject; readonly operation: string }
  /** Changes one, in its collection and in the one it moves to. */
  | { readonly kind: 'update'; readonly subject: Subject; readonly operations: readonly string[] }

const payloadRules = (path: string, subject: Subject, name: string): Record<string, Rule> => ({
  [`GET /${path}`]: { kind: 'list', subject, operation: `${name} View` },
  [`POST /${path}/create`]: { kind: 'create', subject, operation: `${name} Create` },
  [`GET /${path}/:id`]: { kind: 'object', subject, operation: `${name} View` },
  [`POST /${path}/:id/update`]: { kind: 'update', subject, operations: [`${name} Update`] },
  [`DELETE /${path}/:id`]: { kind: 'object', subject, operation: `${name} Delete` },
})

/** Calls on one container, by what follows its id, with the operation each needs. */
const containerCalls: Readonly<Record<string, string>> = {
  'GET json': 'View',
  'GET logs': 'Logs',
  'GET top': 'Top',
  'GET stats': 'Stats',
  'GET changes': 'Changes',
  'GET export': 'Export',
  'GET archive': 'Filesystem Read',
  'HEAD archive': 'Filesystem Read',
  'PUT archive': 'Filesystem Write',
  'GET attach/ws': 'Attach',
  'POST attach': 'Attach',
  'POST exec': 'Exec',
  'POST start': 'Start',
  'POST stop': 'Stop',
  'POST restart': 'Restart',
  'POST kill': 'Kill',
  'POST pause': 'Pause',
  'POST unpause': 'Unpause',
  'POST rename': 'Rename',
  'POST resize': 'Resize',
  'POST wait': 'Wait',
}

const containerRules: Record<string, Rule> = Object.fromEntries(
  Object.entries(containerCalls).map(([key, verb]): [string, Rule] => {
    const [method = '', page = ''] = key.split(' ')
    return [
      `${method} /containers/:id/${page}`,
      { kind: 'object', subject: 'container', operation: `Container ${verb}` },
    ]
  }),
)

/**
 * Every engine call that UCP lets through, and what it checks. What is not here is for admins only.
 *
 * Source: the operations' names are the reference's (§4.3); which call needs which is decided here, as only some pairs
 * are published (§13.8): a service update needs Service Create and Service Update (§6.2).
 */
const rules: Readonly<Record<string, Rule>> = {
  'GET /_ping': { kind: 'anyone' },
  'HEAD /_ping': { kind: 'anyone' },
  'GET /version': { kind: 'anyone' },
  'GET /info': { kind: 'anyone' },
  'POST /auth': { kind: 'anyone' },
  'GET /events': { kind: 'events' },
  'GET /system/df': { kind: 'admin' },
  'GET /nodes': { kind: 'list', subject: 'node', operation: 'Node View' },
  'GET /nodes/:id': { kind: 'object', subject: 'node', operation: 'Node View' },
  'POST /nodes/:id/update': { kind: 'update', subject: 'node', operations: ['Node Update'] },
  'GET /services': { kind: 'list', subject: 'service', operation: 'Service View' },
  'POST /services/create': { kind: 'create', subject: 'service', operation: 'Service Create' },
  'GET /services/:id': { kind: 'object', subject: 'service', operation: 'Service View' },
  'POST /services/:id/update': {
    kind: 'update',
    subject: 'service',
    operations: ['Service Create', 'Service Update'],
  },
  'DELETE /services/:id': { kind: 'object', subject: 'service', operation: 'Service Delete' },
  'GET /services/:id/logs': { kind: 'object', subject: 'service', operation: 'Service Logs' },
  'GET /tasks': { kind: 'list', subject: 'task', operation: 'Service View Tasks' },
  'GET /tasks/:id': { kind: 'object', subject: 'task', operation: 'Service View Tasks' },
  'GET /tasks/:id/logs': { kind: 'object', subject: 'task', operation: 'Service Logs' },
  'GET /networks': { kind: 'list', subject: 'network', operation: 'Network View' },
  'POST /networks/create': { kind: 'create', subject: 'network', operation: 'Network Create' },
  'POST /networks/prune': { kind: 'unsupported' },
  'GET /networks/:id': { kind: 'object', subject: 'network', operation: 'Network View' },
  'DELETE /networks/:id': { kind: 'object', subject: 'network', operation: 'Network Remove' },
  'POST /networks/:id/connect': {
    kind: 'object',
    subject: 'network',
    operation: 'Network Connect',
    inBody: 'Container Connect',
  },
  'POST /networks/:id/disconnect': {
    kind: 'object',
    subject: 'network',
    operation: 'Network Disconnect',
    inBody: 'Container Disconnect',
  },
  'GET /volumes': { kind: 'list', subject: 'volume', operation: 'Volume View' },
  'POST /volumes/create': { kind: 'create', subject: 'volume', operation: 'Volume Create/Attach' },
  'GET /volumes/:id': { kind: 'object', subject: 'volume', operation: 'Volume View' },
  'DELETE /volumes/:id': { kind: 'object', subject: 'volume', operation: 'Volume Remove' },
  ...payloadRules('secrets', 'secret', 'Secret'),
  ...payloadRules('configs', 'config', 'Config'),
  'GET /containers/json': { kind: 'list', subject: 'container', operation: 'Container View' },
  'POST /containers/create': { kind: 'create', subject: 'container', operation: 'Container Create' },
  'DELETE /containers/:id': { kind: 'object', subject: 'container', operation: 'Container Remove' },
  ...containerRules,
  'POST /exec/:id/start': { kind: 'object', subject: 'exec', operation: 'Container Exec' },
  'POST /exec/:id/resize': { kind: 'object', subject: 'exec', operation: 'Container Exec' },
  'GET /exec/:id/json': { kind: 'object', subject: 'exec', operation: 'Container Exec' },
  'GET /images/json': { kind: 'image', operation: 'Image View' },
  'GET /images/search': { kind: 'image', operation: 'Image Search' },
  'POST /images/create': { kind: 'image', operation: 'Image Create' },
  'POST /images/load': { kind: 'image', operation: 'Image Load' },
  'POST /images/prune': { kind: 'image', operation: 'Image Prune' },
  'GET /images/*/json': { kind: 'image', operation: 'Image View' },
  'GET /images/*/history': { kind: 'image', operation: 'Image History' },
  'GET /images/*/get': { kind: 'image', operation: 'Image Export' },
  'POST /images/*/push': { kind: 'image', operation: 'Image Push' },
  'POST /images/*/tag': { kind: 'image', operation: 'Image Tag' },
  'DELETE /images/*': { kind: 'image', operation: 'Image Remove', forced: 'Force Remove' },
  'POST /build': { kind: 'image', operation: 'Image Build' },
  'POST /commit': { kind: 'image', operation: 'Image Commit' },
}

const compiled = Object.entries(rules).map(([key, rule]) => {
  const [method = '', path = ''] = key.split(' ')
  const pattern = path.replaceAll(/:[a-z]+/g, '([^/]+)').replaceAll('*', '(.+)')
  return { method, pattern: new RegExp(`^${pattern}$`), rule }
})

/** A call's rule and the reference in its path. */
export interface RuledCall {
  readonly rule: Rule
  readonly reference: string
}

/** Never throws: what no rule names is for admins. `path` has no version prefix and no query. */
export const ruleOf = (method: string, path: string): RuledCall => {
  for (const { method: wanted, pattern, rule } of compiled) {
    const match = wanted === method ? pattern.exec(path) : null
    if (match !== null) return { rule, reference: match[1] ?? '' }
  }
  return { rule: { kind: 'admin' }, reference: '' }
}

/** What it takes to see an object at all, by subject. */
export const viewOperation: Readonly<Record<Subject, string>> = {
  service: 'Service View',
  task: 'Service View Tasks',
  node: 'Node View',
  network: 'Network View',
  volume: 'Volume View',
  secret: 'Secret View',
  config: 'Config View',
  container: 'Container View',
  exec: 'Container View',
}
