import { all, type Input, type InvokeOptions, type Output, output, RunError, secret } from '@pulumi/pulumi'
import { getSecretV2 } from '@pulumi/vault/kv/getSecretV2.js'
import type { Reference, SecretText, VaultField } from '../model/reference.ts'

type Fields = Output<Readonly<Record<string, string>>>

/** Where the parts of a secret text come from. */
export interface SecretSources {
  /** Asked for at the first Vault field. */
  readonly vault: () => InvokeOptions
  readonly reference: (reference: Reference) => Output<string>
}

const fieldOf = (field: VaultField, fields: Readonly<Record<string, string>>): string => {
  const value = fields[field.field]
  if (value !== undefined) return value
  throw new RunError(
    `Vault’s ${field.mount}/${field.path} has no field ${field.field}. Write it: vault kv patch -mount=${field.mount} ${field.path} ${field.field}=…`,
  )
}

/** Turns secret texts into secret outputs; reads each secret of Vault once. */
export const secretTexts = (sources: SecretSources): ((text: SecretText) => Output<string>) => {
  const known = new Map<string, Fields>()
  const read = ({ mount, path }: VaultField): Fields => {
    const key = JSON.stringify([mount, path])
    const fields =
      known.get(key) ?? output(getSecretV2({ mount, name: path }, sources.vault()).then(({ data }) => data))
    known.set(key, fields)
    return fields
  }
  const part = (value: string | VaultField | Reference): Input<string> => {
    if (typeof value === 'string') return value
    if (value.kind === 'Reference') return sources.reference(value)
    return read(value).apply((fields) => fieldOf(value, fields))
  }
  return (text) => secret(all(text.parts.map(part)).apply((parts) => parts.join('')))
}
