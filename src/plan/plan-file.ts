import * as z from 'zod'

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/)
const stackName = z.string().regex(/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/)

/** A resource that would change. */
const PlannedChange = z.strictObject({
  /** The key of the desired state. */
  key: z.string(),
  change: z.enum(['create', 'update', 'replace', 'delete']),
})

/** One stack as it was approved. */
const PlannedStack = z.strictObject({
  stack: stackName,
  /** `stateDigest` of what the files ask for. */
  desired: sha256Hex,
  /** Which state the stack had: how many runs had written it, and a digest of what is in it. */
  state: z.strictObject({ serial: z.int().min(0), digest: sha256Hex }),
  /** What was read of the world, a short digest a resource, by key; and `provider/<name>`: where it was read. */
  live: z.record(z.string(), z.string().regex(/^[0-9a-f]{16}$/)),
  /** Sorted by key. */
  changes: z.array(PlannedChange),
  /** The providers' plugins, sorted by name. */
  providers: z.array(z.strictObject({ name: z.string(), version: z.string().optional() })),
})
export type PlannedStack = z.infer<typeof PlannedStack>

/** What applies a plan, beside the files: with another of these another thing would be done. */
export const Versions = z.strictObject({
  /** Of the engine, e.g. `3.245.0`. */
  engine: z.string(),
  /** Digest of what may be applied at all: the rules, their thresholds and what lifts them. */
  policies: sha256Hex,
  /** Digest of the program without the rules, and of its packages. */
  program: sha256Hex,
})
export type Versions = z.infer<typeof Versions>

/** What was approved: applied as it stands here or not at all. Holds no secret. */
export const Plan = z.strictObject({
  /** ISO 8601. */
  madeAt: z.iso.datetime(),
  /** The commit that it was made of; null outside of a repository. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .nullable(),
  versions: Versions,
  /** Sorted by name. */
  stacks: z.array(PlannedStack),
})
export type Plan = z.infer<typeof Plan>
