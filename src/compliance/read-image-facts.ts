import * as z from 'zod'
import type { Checked } from '../core/issue.ts'
import type { ImageFacts } from './image-facts.ts'

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hex digits')
const text = z.string().max(65_536)
const path = z.string().max(8192)
const count = z.int().min(0)

const Layer = z.object({
  digest,
  diffId: digest,
  storedBytes: count,
  tarBytes: count,
  entries: count,
  createdBy: z.exactOptional(text),
})

const RootPath = z.object({
  kind: z.enum(['set-uid', 'set-gid', 'file-capability', 'escalation-tool', 'writable-account-file']),
  path,
  layer: count,
  inMergedView: z.boolean(),
  mode: count,
  uid: count,
  gid: count,
  capabilities: z.exactOptional(text),
})

const Malware = z.discriminatedUnion('state', [
  z.object({ state: z.literal('not-scanned'), reason: text }),
  z.object({
    state: z.literal('scanned'),
    scanner: text,
    signaturesFrom: z.exactOptional(text),
    filesScanned: count,
    findings: z.array(z.object({ path, layer: count, inMergedView: z.boolean(), signature: text })),
    skipped: z.array(z.object({ path, layer: count, reason: text })),
  }),
])

const Trust = z.discriminatedUnion('state', [
  z.object({ state: z.literal('unknown'), reason: text }),
  z.object({ state: z.literal('unsigned') }),
  z.object({
    state: z.literal('signed'),
    digest,
    signers: z.array(text),
    keys: z.exactOptional(z.array(text)),
  }),
])

const Facts: z.ZodType<ImageFacts> = z.object({
  reference: text,
  source: z.enum(['registry', 'docker-archive', 'oci-layout', 'engine']),
  digest: z.exactOptional(digest),
  configDigest: digest,
  platform: text,
  created: z.exactOptional(text),
  layers: z.array(Layer),
  user: z.object({ declared: text, uid: z.exactOptional(count), gid: z.exactOptional(count) }),
  configuration: z.object({
    environment: z.array(text),
    labels: z.record(z.string(), text),
    entrypoint: z.array(text),
    command: z.array(text),
    healthCheck: z.boolean(),
    exposedPorts: z.array(text),
    volumes: z.array(text),
  }),
  rootPaths: z.array(RootPath),
  uidZeroNames: z.array(text),
  malware: Malware,
  trust: Trust,
  gaps: z.array(
    z.object({
      about: z.enum(['image', 'layer', 'user', 'root-paths', 'malware', 'trust']),
      reason: text,
      layer: z.exactOptional(count),
    }),
  ),
})

const FactsFile = z.union([z.array(Facts), Facts.transform((one) => [one])])

/** Facts of one image or of a list of them, as they were written down. Issue code: `image-facts/unreadable`. Never throws. */
export const readImageFacts = (file: string, value: unknown): Checked<readonly ImageFacts[]> => {
  const parsed = FactsFile.safeParse(value)
  if (parsed.success) return { ok: true, value: parsed.data }
  return {
    ok: false,
    issues: [
      {
        code: 'image-facts/unreadable',
        message: `The facts of an image cannot be read: ${z.prettifyError(parsed.error).replaceAll(/\s+/g, ' ').slice(0, 400)}`,
        source: { file, line: 1, column: 1 },
        hint: 'Write them anew with this version of tenantry.',
      },
    ],
  }
}
