import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { ProcessIdentity } from '../engine/process-identity.ts'
import { writePrivate } from './layout.ts'

const PartRecord = z.object({
  name: z.enum(['engine', 'ucp', 'registry', 'vault', 'vcenter', 'jenkins', 'docker']),
  cluster: z.string().nullable(),
  reality: z.enum(['real', 'stand-in']),
  version: z.string(),
  address: z.string(),
})

const PluginRecord = z.object({
  name: z.string(),
  version: z.string(),
  reality: z.enum(['real', 'stand-in']),
  origin: z.enum(['user', 'download', 'bundle']),
})

/** What `lab.json` tells of a running lab. Holds no secret. */
export const LabRecord = z.object({
  supervisor: ProcessIdentity,
  /** Processes the supervisor started, to be ended when it died without ending them. */
  children: z.array(ProcessIdentity),
  /** False while it starts. */
  ready: z.boolean(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** In the order of starting. */
  parts: z.array(PartRecord),
  plugins: z.array(PluginRecord),
  /** Folder of the Pulumi CLI that runs on this lab; undefined where none was named. */
  engineFolder: z.string().optional(),
})
export type LabRecord = z.infer<typeof LabRecord>
export type PartRecord = z.infer<typeof PartRecord>
export type PluginRecord = z.infer<typeof PluginRecord>

/** Undefined where there is none, or none that can be read. */
export const readLabRecord = async (file: string): Promise<LabRecord | undefined> => {
  try {
    return LabRecord.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

export const writeLabRecord = (file: string, record: LabRecord): Promise<void> =>
  writePrivate(file, `${JSON.stringify(record, null, 2)}\n`)
