import * as z from 'zod'

const file = z.string().min(1).describe('Path of a file; relative ones are relative to the connections file.')

const Ucp = z.strictObject({
  endpoint: z.url().optional().describe('Instead of the cluster file’s.'),
  caFile: file.optional(),
  username: z.string().min(1),
  passwordFile: file.describe('Holds the password and nothing else.'),
})

const ClientBundle = z.strictObject({
  host: z
    .string()
    .regex(/^tcp:\/\//)
    .optional()
    .describe('`tcp://host:port`; the UCP endpoint’s where absent.'),
  caFile: file,
  certFile: file,
  keyFile: file,
})

const Registry = z.strictObject({
  endpoint: z.url().optional(),
  caFile: file.optional(),
  username: z.string().min(1),
  tokenFile: file.describe('Holds the password or access token and nothing else.'),
})

const Vault = z.strictObject({ address: z.url().optional(), caFile: file.optional(), tokenFile: file })

const Vcenter = z.strictObject({
  server: z.string().optional().describe('`host` or `host:port`; the cluster file’s where absent.'),
  user: z.string().min(1),
  passwordFile: file,
  caFile: file.optional(),
  allowUnverifiedTls: z.boolean().optional(),
})

/** How to reach one cluster's systems: addresses that differ from the cluster file's, and where the credentials lie. */
export const Connection = z.strictObject({
  ucp: Ucp,
  docker: ClientBundle,
  registry: Registry,
  vault: Vault,
  vcenter: Vcenter,
})
export type Connection = z.infer<typeof Connection>

/** The file that `TENANTRY_CONNECTIONS` names. Never in git; it holds paths of secrets, no secrets. */
export const Connections = z.strictObject({ clusters: z.record(z.string(), Connection) })
export type Connections = z.infer<typeof Connections>
