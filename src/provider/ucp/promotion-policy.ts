import type { Registry } from '../../clients/registry.ts'
import {
  createPolicy,
  deletePolicy,
  listPolicies,
  type PolicySettings,
  putPolicy,
  type RegistryPolicy,
} from '../../clients/registry-promotion.ts'
import { canonicalJson } from '../../core/canonical.ts'
import { didYouMean, type InputsOf } from '../input-fields.ts'
import type { CheckFailure } from '../plugin.ts'
import { registryFor } from './client.ts'
import { defineResource, textOutput } from './define-resource.ts'
import { badId, findOrMake, required } from './ensure.ts'
import { repositoryName, someText } from './patterns.ts'
import { splitName } from './repository-name.ts'

const rule = {
  field: { shape: someText, description: 'What it looks at, e.g. `tag` or `vulnerability_critical`.' },
  operator: { shape: someText, description: 'How it compares, e.g. `eq` or `lte`.' },
  values: {
    shape: { type: 'list', of: { type: 'string' } },
    description: 'What it compares with; numbers are texts too.',
  },
} as const

const fields = {
  sourceRepository: {
    shape: repositoryName,
    description: 'Where tags come from, `namespace/name`.',
    replaces: true,
  },
  targetRepository: {
    shape: repositoryName,
    description: 'Where they go, `namespace/name`.',
    replaces: true,
  },
  tagTemplate: { shape: someText, description: 'The tag there; `%n` is the tag here.' },
  rules: {
    shape: { type: 'list', of: { type: 'object', name: 'PromotionRule', fields: rule } },
    description: 'All of them must hold for a tag to be promoted.',
  },
  enabled: { shape: { type: 'boolean' }, description: 'Whether it acts.', optional: true, default: true },
} as const

type PolicyInputs = InputsOf<typeof fields>

const counts = ['gte', 'gt', 'eq', 'neq', 'lte', 'lt']
const sets = ['oo', 'noo']
/** Operators by field. Source: reference §8.6. */
const operators: Readonly<Record<string, readonly string[]>> = {
  tag: ['eq', 'sw', 'ew', 'c', 'oo', 'noo'],
  'license.name': sets,
  'package.name': sets,
  'component.name': sets,
  vulnerability_all: counts,
  vulnerability_critical: counts,
  vulnerability_major: counts,
  vulnerability_minor: counts,
  updated_at: ['bf', 'af'],
  updated_at_duration: ['bf', 'af'],
}

const checkRule = ({ field, operator }: PolicyInputs['rules'][number], index: number): CheckFailure[] => {
  const known = Object.hasOwn(operators, field) ? operators[field] : undefined
  if (known === undefined) {
    const names = Object.keys(operators)
    const reason = `is no field of a rule: ${names.join(', ')}.${didYouMean(field, names)}`
    return [{ property: `rules[${index}].field`, reason }]
  }
  if (known.includes(operator)) return []
  return [
    { property: `rules[${index}].operator`, reason: `must be one of ${known.join(', ')} for ${field}.` },
  ]
}

const settings = ({ targetRepository, tagTemplate, enabled, rules }: PolicyInputs): PolicySettings => ({
  targetRepository,
  tagTemplate,
  enabled,
  rules: rules.map(({ field, operator, values }) => ({ field, operator, values: [...values] })),
})

const inputsOf = (
  sourceRepository: string,
  { targetRepository, tagTemplate, enabled, rules }: PolicySettings,
) => ({
  sourceRepository,
  targetRepository,
  tagTemplate,
  rules: rules.map(({ field, operator, values }) => ({ field, operator, values: [...values] })),
  enabled,
})

const isSame = (policy: PolicySettings, wanted: PolicySettings): boolean =>
  canonicalJson(inputsOf('', policy)) === canonicalJson(inputsOf('', wanted))

const parts = (id: string) => {
  const [, source, target] = /^(\S+\/\S+?)->(\S+\/\S+)$/.exec(id) ?? []
  if (source === undefined || target === undefined) throw badId(id, '<namespace>/<name>-><namespace>/<name>')
  return { source, target }
}

/** The policy of that id wherever it leads to now, else the one that says the same, else the first to that target. */
const findPolicy = async (
  registry: Registry,
  { id, policyId, wanted }: { id: string; policyId: string | undefined; wanted?: PolicySettings },
): Promise<RegistryPolicy | undefined> => {
  const { source, target } = parts(id)
  const all = (await listPolicies(registry, splitName(source))) ?? []
  const there = all
    .filter(({ targetRepository }) => targetRepository === target)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  return (
    all.find((one) => one.id === policyId) ??
    there.find((one) => wanted !== undefined && isSame(one, wanted)) ??
    there[0]
  )
}

/** `ucp:registry:PromotionPolicy`; its id is `<source>-><target>`. */
export const promotionPolicy = defineResource({
  description:
    'Copies tags that pass every rule into another repository, from its making on: tags that are there already are not looked at. Import id: source->target.',
  fields,
  outputs: { policyId: { type: 'string', description: 'The id the registry gave it.' } },

  verify: ({ rules, sourceRepository, targetRepository }) => [
    ...(sourceRepository === targetRepository
      ? [{ property: 'targetRepository', reason: 'must be another repository than the source.' }]
      : []),
    ...rules.flatMap(checkRule),
  ],

  normalize: (inputs) => inputsOf(inputs.sourceRepository, settings(inputs)),

  create: async (client, inputs, context) => {
    const id = `${inputs.sourceRepository}->${inputs.targetRepository}`
    const registry = registryFor(client, context, `promotion policy ${id}`)
    const source = splitName(inputs.sourceRepository)
    const wanted = settings(inputs)
    const { thing } = await findOrMake(client, {
      signal: context.signal,
      find: async () => (await listPolicies(registry, source))?.find((one) => isSame(one, wanted)),
      make: () => createPolicy(registry, source, wanted),
    })
    return { id, outputs: { ...inputsOf(inputs.sourceRepository, wanted), policyId: thing.id } }
  },

  read: async (client, { id, inputs: last, outputs }, context) => {
    const registry = registryFor(client, context, `promotion policy ${id}`)
    const found = await findPolicy(registry, {
      id,
      policyId: textOutput(outputs, 'policyId'),
      ...(last === undefined ? {} : { wanted: settings(last) }),
    })
    if (found === undefined) return undefined
    const { source } = parts(id)
    const inputs = inputsOf(source, found)
    return { id: `${source}->${found.targetRepository}`, inputs, outputs: { ...inputs, policyId: found.id } }
  },

  update: async (client, { id, outputs, inputs }, context) => {
    const registry = registryFor(client, context, `promotion policy ${id}`)
    const found = required(await findPolicy(registry, { id, policyId: textOutput(outputs, 'policyId') }), {
      what: `The promotion policy ${id}`,
      endpoint: registry.endpoint,
      hint: 'It was deleted by somebody else: refresh the stack, then it is made again.',
    })
    await putPolicy(registry, splitName(inputs.sourceRepository), { id: found.id, ...settings(inputs) })
    return { policyId: found.id }
  },

  delete: async (client, { id, outputs }, context) => {
    const registry = registryFor(client, context, `promotion policy ${id}`)
    const found = await findPolicy(registry, { id, policyId: textOutput(outputs, 'policyId') })
    if (found !== undefined) await deletePolicy(registry, splitName(parts(id).source), found.id)
  },
})
