import { parse, stringify } from 'smol-toml'
import * as z from 'zod'
import { invalid } from './refusal.ts'
import type { EmulatorSwitches } from './switches.ts'

const minutes = z.int().min(0)

/** Reference §1.2: the documented defaults of MKE 3.3, and the rules of the API's form. */
const SessionSettings = z
  .object({
    lifetime_minutes: minutes.min(10).default(60),
    renewal_threshold_minutes: minutes.default(20),
    per_user_limit: z.int().min(0).default(10),
  })
  .refine(
    (it) => it.renewal_threshold_minutes === 0 || it.renewal_threshold_minutes <= it.lifetime_minutes - 5,
    {
      message: 'renewal_threshold_minutes must be at least 5 below lifetime_minutes',
    },
  )
export type SessionSettings = z.infer<typeof SessionSettings>

const Registry = z.object({
  host_address: z.string().min(1),
  service_id: z.string().default(''),
  ca_bundle: z.string().default(''),
  batchScanningDataEnabled: z.boolean().default(false),
})

const tables = {
  auth: z
    .object({
      default_new_user_role: z.string().min(1).default('restrictedcontrol'),
      backend: z.enum(['managed', 'ldap']).default('managed'),
      samlEnabled: z.boolean().default(false),
      sessions: SessionSettings.prefault({}),
    })
    .prefault({}),
  registries: z.array(Registry).default([]),
  audit_log_configuration: z.object({ level: z.enum(['', 'metadata', 'request']).default('') }).prefault({}),
  scheduling_configuration: z
    .object({
      enable_admin_ucp_scheduling: z.boolean().default(false),
      default_node_orchestrator: z.enum(['swarm', 'kubernetes']).default('swarm'),
    })
    .prefault({}),
  tracking_configuration: z
    .object({
      disable_usageinfo: z.boolean().default(true),
      disable_tracking: z.boolean().default(true),
      anonymize_tracking: z.boolean().default(false),
    })
    .prefault({}),
  trust_configuration: z
    .object({
      require_content_trust: z.boolean().default(false),
      require_signature_from: z.array(z.string()).default([]),
    })
    .prefault({}),
  log_configuration: z
    .object({
      level: z.string().default('INFO'),
      protocol: z.string().default(''),
      host: z.string().default(''),
    })
    .prefault({}),
  license_configuration: z.object({ auto_refresh: z.boolean().default(true) }).prefault({}),
  cluster_config: z
    .object({
      controller_port: z.int().default(443),
      kube_apiserver_port: z.int().default(6443),
      swarm_port: z.int().default(2376),
      dns: z.array(z.string()).default([]),
      dns_opt: z.array(z.string()).default([]),
      dns_search: z.array(z.string()).default([]),
      external_service_lb: z.string().default(''),
      local_volume_collection_mapping: z.boolean().default(false),
      pod_cidr: z.string().default('192.168.0.0/16'),
      nodeport_range: z.string().default('32768-35535'),
    })
    .prefault({}),
}

const Dropping = z.object(tables)
const variants = { drop: Dropping, keep: z.looseObject(tables), refuse: z.strictObject(tables) }

/** The settings of UCP that the emulator knows (reference §9.1). Absent ones have their defaults. */
export type Settings = z.infer<typeof Dropping>

/** What the file may say and what only the other stores know. */
export interface ConfigurationChecks {
  readonly roleExists: (id: string) => boolean
  readonly teamExists: (organizationAndTeam: string) => boolean
}

const parsedToml = (text: string): unknown => {
  try {
    return parse(text)
  } catch (error) {
    throw invalid(`The configuration is not TOML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The configuration file: read whole, replaced whole. */
export class Configuration {
  readonly #schema: z.ZodType<Settings>
  #settings: Settings

  constructor(unknownSettings: EmulatorSwitches['unknownSettings'], initial: z.input<typeof Dropping> = {}) {
    this.#schema = variants[unknownSettings]
    this.#settings = this.#schema.parse(initial)
  }

  get settings(): Settings {
    return this.#settings
  }

  toml(): string {
    return stringify(this.#settings)
  }

  /** Adds a registry to those that UCP knows, as an installation of one does (reference §8.1). */
  trustRegistry(registry: z.input<typeof Registry>): void {
    const { registries } = this.#settings
    this.#settings = { ...this.#settings, registries: [...registries, Registry.parse(registry)] }
  }

  /**
   * Takes a new file; what it leaves out falls back to its default.
   *
   * @throws {Refusal} 400 for text that is no TOML, a value out of its range, an unknown role or signing team; then
   * nothing has changed.
   */
  replace(text: string, checks: ConfigurationChecks): void {
    const parsed = this.#schema.safeParse(parsedToml(text))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw invalid(`Invalid ${issue?.path.join('.') ?? 'configuration'}: ${issue?.message ?? ''}`)
    }
    checkReferences(parsed.data, checks)
    this.#settings = parsed.data
  }
}

const checkReferences = (settings: Settings, checks: ConfigurationChecks): void => {
  const role = settings.auth.default_new_user_role
  if (!checks.roleExists(role)) throw invalid(`Invalid auth.default_new_user_role: no role ${role} exists.`)
  for (const team of settings.trust_configuration.require_signature_from)
    if (!checks.teamExists(team))
      throw invalid(`Invalid trust_configuration.require_signature_from: no team ${team} exists.`)
}
