import { readFileSync } from 'node:fs'
import { type Output, output, RunError, runtime, secret } from '@pulumi/pulumi'
import { isFault } from '../core/fault.ts'
import type { VaultField } from '../model/reference.ts'
import type { VaultAccess } from './connected.ts'

/** How long a ticket opens. Source: our choice; twice the longest that a step's clone, boot and join may take (`joinSeconds`). */
const ticketSeconds = 4 * 3600

/** Asked for before, and handed over at, each VM's clone. */
export type JoinTickets = (field: VaultField) => Output<string>

/** Told of each ticket that is asked for; settles with it. */
export type AskedFor = (ticket: Promise<unknown>) => void

const wrapped = async (access: VaultAccess, { mount, path }: VaultField): Promise<string> => {
  // Loaded where it is needed: most stacks have no VMs, and every one would read it at its start.
  const { Vault } = await import('../clients/vault.ts')
  const { address, token, caFile } = access
  const tls = caFile === undefined ? {} : { tls: { ca: readFileSync(caFile, 'utf8') } }
  const vault = new Vault({ address, token, ...tls })
  try {
    return (await vault.wrapSecret(mount, path, ticketSeconds)).reveal()
  } finally {
    await vault.close()
  }
}

const explained = (error: unknown, { mount, path, field }: VaultField): unknown => {
  if (!isFault(error)) return error
  const hint = error.details.hint === undefined ? '' : ` ${error.details.hint}`
  return new RunError(
    `No VM can be told how to join the swarm: ${error.message}${hint} It is to lie in ${mount}/${path}; write it: docker swarm join-token -q worker | vault kv put -mount=${mount} ${path} ${field}=-`,
  )
}

/**
 * Wraps the swarm's join token in Vault, each time anew: whoever opens a ticket first has it, once. Neither the token nor what
 * opens it is in a preview; what a VM that is there already would get is dropped by the engine, and ends unopened.
 *
 * An output fails with a RunError where Vault does not answer or holds no token.
 */
export const joinTickets =
  (access: () => VaultAccess, askedFor: AskedFor): JoinTickets =>
  (field) => {
    if (runtime.isDryRun()) return secret(`a ticket for ${field.path}`)
    const asked = wrapped(access(), field).catch((error: unknown) => {
      throw explained(error, field)
    })
    askedFor(asked)
    return secret(output(asked))
  }
