import { rm } from 'node:fs/promises'
import { Fault } from '../core/fault.ts'
import { identify, isAlive } from '../engine/process-identity.ts'
import { type LabRecord, readLabRecord, writeLabRecord } from './lab-record.ts'
import type { LabLayout } from './layout.ts'
import type { Part } from './part.ts'

const partRecord = ({ name, cluster, reality, version, address }: Part): LabRecord['parts'][number] => ({
  name,
  cluster,
  reality,
  version,
  address,
})

/** @throws {Fault} `conflict` where a lab runs in the folder. */
export const refuseRunning = async (layout: LabLayout): Promise<void> => {
  const record = await readLabRecord(layout.record)
  if (record === undefined || !(await isAlive(record.supervisor))) return
  throw new Fault('conflict', `A lab is running already in this checkout, since ${record.startedAt}.`, {
    details: { resource: 'lab', hint: 'Use it, or end it with `tenantry lab down`.' },
  })
}

/** Keeps `lab.json` true while a lab starts: whoever finds it after a crash knows what to end. */
export class LabJournal {
  readonly #file: string
  #record: LabRecord
  #writing: Promise<void> = Promise.resolve()

  private constructor(file: string, record: LabRecord) {
    this.#file = file
    this.#record = record
  }

  /** For the lab that this process runs. */
  static async open(layout: LabLayout): Promise<LabJournal> {
    const supervisor = await identify(process.pid)
    if (supervisor === undefined) throw new Error('the system knows no start time of this very process')
    const journal = new LabJournal(layout.record, {
      supervisor,
      children: [],
      ready: false,
      startedAt: new Date().toISOString(),
      parts: [],
      plugins: [],
    })
    await journal.#write({})
    return journal
  }

  /** Resolves when it is written down. */
  async addProcess(pid: number): Promise<void> {
    const child = await identify(pid)
    if (child !== undefined) await this.#write({ children: [...this.#record.children, child] })
  }

  async ready(parts: readonly Part[]): Promise<void> {
    await this.#write({ ready: true, parts: parts.map(partRecord) })
  }

  async remove(): Promise<void> {
    await this.#writing
    await rm(this.#file, { force: true })
  }

  #write(change: Partial<LabRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change }
    const record = this.#record
    this.#writing = this.#writing.then(() => writeLabRecord(this.#file, record))
    return this.#writing
  }
}
