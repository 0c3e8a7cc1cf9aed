import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { checkoutRoot } from '../../src/engine/checkout.ts'

type Line = Readonly<Record<string, unknown>>

/** As the shipped unit and service start it. */
const nodeOptions = '--max-old-space-size=48 --max-semi-space-size=1'

/** The real `tenantry watch node` as a process of its own, and what it has logged so far. */
export class WatchProcess {
  readonly lines: Line[] = []
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #kills = new Set<string>()

  /** `root` holds the cluster's file; the rest comes in `environment`, as in the shipped unit. */
  constructor(root: string, environment: Readonly<Record<string, string>>) {
    const program = join(checkoutRoot(), 'bin', 'tenantry.mjs')
    this.#child = spawn(process.execPath, [program, '--root', root, 'watch', 'node'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, NODE_OPTIONS: nodeOptions, ...environment },
    })
    this.#closed = once(this.#child, 'close')
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#heard(line))
  }

  get isOn(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Kills it the moment it logs that event, without a word to anybody. */
  killAt(event: string): void {
    this.#kills.add(event)
  }

  /** Events without their figures, a decision with its reason. */
  events(...names: readonly string[]): string[] {
    return this.lines
      .filter(({ event }) => names.includes(String(event)))
      .map(({ event, action, reason }) => (event === 'decision' ? `${action}: ${reason}` : String(event)))
  }

  said(event: string): Line | undefined {
    return this.lines.findLast((line) => line.event === event)
  }

  /** A figure of its metrics as they are now. */
  async metric(name: string): Promise<number> {
    const address = this.said('started')?.address
    const text = await (await fetch(`${address}/metrics`)).text()
    const line = text.split('\n').find((one) => one.startsWith(`${name} `)) ?? ''
    return Number(line.slice(name.length) || Number.NaN)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  /** Resolves once it is dead, by whatever hand. */
  async ended(): Promise<void> {
    await this.#closed
  }

  #heard(text: string): void {
    const line = JSON.parse(text) as Line
    this.lines.push(line)
    if (this.#kills.has(String(line.event))) this.#child.kill('SIGKILL')
  }
}
