import type { SecretText, VaultField } from '../../model/reference.ts'
import type { Volume } from '../../model/volume.ts'
import { childAt, entriesOf, textOf, type YamlEntry, type YamlMap } from '../yaml-node.ts'
import { otherApplication, shadows } from './networks.ts'
import { joined, modelsWith, type Part, part } from './part.ts'
import { meantBy, onlyNames, type TenantObject, type TenantObjects } from './tenant-objects.ts'

/** `VAULT_PLATFORM_STORAGE_CIFS_USERNAME`; a variable of a shell, the same wherever the field is used. */
const variableOf = ({ mount, path, field }: VaultField): string =>
  `VAULT_${mount}_${path}_${field}`
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^a-zA-Z0-9]/g, '_')
    .toUpperCase()

const literal = (text: string): string => text.replaceAll('$', '$$$$')

/** A variable that `docker stack deploy` refuses to leave empty, and says where its value is. */
const required = (field: VaultField): string =>
  `\${${variableOf(field)}:?Vault holds it at ${field.mount}/${field.path}, field ${field.field}}`

const templateOf = ({ parts }: SecretText): string =>
  parts
    .map((one) => {
      if (typeof one === 'string') return literal(one)
      if (one.kind === 'VaultField') return required(one)
      throw new Error(`an option of a volume cannot hold an output of ${one.of}`)
    })
    .join('')

const optionText = (value: string | SecretText): string =>
  typeof value === 'string' ? value : templateOf(value)

const referencesOf = (key: string, { driverOptions }: Volume): Part['references'] =>
  Object.entries(driverOptions).flatMap(([option, value]) =>
    typeof value === 'string'
      ? []
      : value.parts.flatMap((one) =>
          typeof one === 'string' || one.kind !== 'VaultField'
            ? []
            : [
                {
                  path: ['volumes', key, 'driver_opts', option],
                  variable: variableOf(one),
                  mount: one.mount,
                  secret: one.path,
                  field: one.field,
                  template: templateOf(value),
                },
              ],
        ),
  )

/** The naming entry goes: a node that lacks an external volume would make one without its options, on its own disk. */
const withoutNaming = ({ key, node }: YamlEntry, { made }: TenantObject<Volume>): Partial<Part> => {
  const gone = entriesOf(node).filter(
    (one) => one.key === 'external' || (one.key === 'name' && textOf(one.node) !== made.name),
  )
  return {
    rewrites: gone.map((one) => ({ path: ['volumes', key, one.key], node: undefined })),
    replaced: gone.map((one) => ({ path: ['volumes', key, one.key], lost: one.node, kept: undefined })),
  }
}

const supplied = (one: YamlEntry, found: TenantObject<Volume>): Part => {
  const { made, source } = found
  const options = Object.entries(made.driverOptions).map(
    ([name, value]) => [name, optionText(value)] as const,
  )
  const fields = { name: made.name, driver: made.driver }
  const at = ['volumes', one.key]
  return part({
    ...withoutNaming(one, found),
    base: [
      ...modelsWith(at, fields, source),
      ...modelsWith([...at, 'driver_opts'], Object.fromEntries(options), source),
      ...modelsWith([...at, 'labels'], made.labels, source),
    ],
    references: referencesOf(one.key, made),
  })
}

const volumeOf = (one: YamlEntry, { volumes }: TenantObjects): Part => {
  const found = meantBy(volumes, one.key, one.node)
  if (found === undefined) return part({})
  const isNamed = textOf(childAt(one.node, 'name')) === found.made.name
  if (!onlyNames(one.node) && !isNamed) return part({ warnings: [shadows('volumes', one, found.source)] })
  return found.isOurs ? supplied(one, found) : part({ issues: [otherApplication('volumes', one, found)] })
}

/**
 * Volumes of the tenant with name, driver, options and labels as `tenantry up` makes them, so that every node mounts the same share.
 * Credentials of a back end are variables that whoever deploys reads from Vault.
 */
export const volumes = (model: YamlMap, objects: TenantObjects): Part =>
  joined(entriesOf(childAt(model, 'volumes')).map((one) => volumeOf(one, objects)))
