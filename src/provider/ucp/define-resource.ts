import { diffInputs } from '../diff-inputs.ts'
import { checkFields, type Fields, type InputsOf, typedInputs } from '../input-fields.ts'
import type { OutputField, ResourceSchema } from '../package-schema.ts'
import type { CheckFailure, DiffResult, Properties, ResourceContext, ResourceType } from '../plugin.ts'
import { hasUnknown } from '../properties.ts'
import type { UcpClient } from './client.ts'

/** A resource of the ucp plugin: its table of inputs, and its functions with typed inputs. */
export interface ResourceDefinition<F extends Fields> {
  readonly description: string
  readonly fields: F
  readonly outputs: Readonly<Record<string, OutputField>>
  /** Failures beyond the table's, of inputs that are whole and known. Pure. */
  readonly verify?: (inputs: InputsOf<F>) => readonly CheckFailure[]
  /** The one way to write inputs that mean the same, e.g. sorted. Pure. */
  readonly normalize?: (inputs: InputsOf<F>) => Properties
  /** Corrects a diff of normalized inputs; `outputs` are those of the state, or of what a refresh just read. Pure. */
  readonly refineDiff?: (diff: DiffResult, outputs: Properties) => DiffResult
  readonly create: (
    client: UcpClient,
    inputs: InputsOf<F>,
    context: ResourceContext,
  ) => Promise<{ id: string; outputs: Properties }>
  /** Inputs and outputs as they are now; undefined where it is gone. `inputs` is undefined when importing. */
  readonly read: (
    client: UcpClient,
    last: { id: string; inputs: InputsOf<F> | undefined; outputs: Properties },
    context: ResourceContext,
  ) => Promise<{ id: string; inputs: Properties; outputs: Properties } | undefined>
  /** What beyond the inputs is new of the outputs. Absent where every change replaces. */
  readonly update?: (
    client: UcpClient,
    change: { id: string; outputs: Properties; inputs: InputsOf<F> },
    context: ResourceContext,
  ) => Promise<Properties>
  readonly delete: (
    client: UcpClient,
    gone: { id: string; outputs: Properties },
    context: ResourceContext,
  ) => Promise<void>
}

/** A resource type as the plugin lists it, with what its schema is made of. */
export type DefinedResource = ResourceType<UcpClient> & { readonly schema: ResourceSchema }

const replacing = (fields: Fields): string[] =>
  Object.entries(fields)
    .filter(([, field]) => field.replaces === true)
    .map(([name]) => name)

const without = (properties: Properties, names: readonly string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))

/** A resource type out of its definition: check, diff and schema follow from the table. */
export const defineResource = <const F extends Fields>(
  definition: ResourceDefinition<F>,
): DefinedResource => {
  const { fields, normalize, verify } = definition
  const inputNames = Object.keys(fields)
  const replaceOn = replacing(fields)
  const typed = (inputs: Properties) => typedInputs(fields, inputs)
  return {
    schema: { description: definition.description, fields, outputs: definition.outputs },
    secretOutputs: Object.entries(definition.outputs)
      .filter(([, output]) => output.secret === true)
      .map(([name]) => name),

    check: (inputs) => {
      const checked = checkFields(fields, inputs)
      const isWhole = checkFields(fields, checked.inputs).failures.length === 0
      if (!isWhole || hasUnknown(checked.inputs)) return checked
      const failures = [...checked.failures, ...(verify?.(typed(checked.inputs)) ?? [])]
      if (failures.length > 0 || normalize === undefined) return { inputs: checked.inputs, failures }
      return { inputs: normalize(typed(checked.inputs)), failures: [] }
    },

    diff: (olds, news) => {
      const diff = diffInputs(olds.inputs, news, { replaceOn })
      return definition.refineDiff?.(diff, olds.outputs) ?? diff
    },

    create: (client, inputs, context) => definition.create(client, typed(inputs), context),

    read: (client, id, inputs, outputs, context) =>
      definition.read(
        client,
        { id, inputs: inputs === undefined ? undefined : typed(inputs), outputs: outputs ?? {} },
        context,
      ),

    update: async (client, id, olds, news, context) => {
      const kept = without(olds, inputNames)
      const fresh = await definition.update?.(client, { id, outputs: olds, inputs: typed(news) }, context)
      return { ...kept, ...news, ...fresh }
    },

    delete: (client, id, outputs, context) => definition.delete(client, { id, outputs }, context),
  }
}

/** A text among outputs; undefined where there is none. Never throws. */
export const textOutput = (outputs: Properties, name: string): string | undefined => {
  const value = outputs[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
