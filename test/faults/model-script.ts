import fc from 'fast-check'
import type { Faults, InjectedFault } from '../../src/lab/faults.ts'
import { kindOf } from './matrix/changing-calls.ts'
import type { FastTime } from './model-engine/fast-time.ts'
import type { ModelLab } from './model-lab.ts'

const status = (
  code: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): InjectedFault => ({
  kind: 'status',
  status: code,
  body: { message, errors: [{ code: 'INJECTED', message }] },
  ...(headers === undefined ? {} : { headers }),
})

/** What can happen to a call. A slow answer is slow beside everything else here. */
export const faultKinds = {
  '401': status(401, 'session expired'),
  '403': status(403, 'access denied'),
  '409': status(409, 'something is in the way'),
  '429': status(429, 'too many requests', { 'retry-after': '1' }),
  '500': status(500, 'something broke'),
  '503': status(503, 'starting up'),
  '500 after the effect': { kind: 'status-after', status: 500, body: { message: 'something broke' } },
  'out of sequence': status(500, 'rpc error: code = Unknown desc = update out of sequence'),
  refused: { kind: 'refused', milliseconds: 2 },
  'reset before': { kind: 'reset-before' },
  'reset in the request': { kind: 'reset-in-request' },
  'reset in the answer': { kind: 'reset-in-body' },
  'reset after': { kind: 'reset-after' },
  'timeout before': { kind: 'timeout-before' },
  'timeout after': { kind: 'timeout-after' },
  slow: { kind: 'slow', milliseconds: 3 },
} as const satisfies Readonly<Record<string, InjectedFault>>

export type FaultName = keyof typeof faultKinds

/** What happens to the call that the process dies at. `late`: it takes effect once the process is dead, and the next may run. */
const fates = {
  'before the effect': { kind: 'reset-before' },
  'after the effect': { kind: 'reset-after' },
  late: { kind: 'slow', milliseconds: 250 },
} as const satisfies Readonly<Record<string, InjectedFault>>

export type Trouble =
  /** The calls from the nth on, as many as `calls` says, each meet it. */
  | {
      readonly kind: 'fault'
      readonly on: 'changing' | 'reading'
      readonly nth: number
      readonly calls: number
      readonly fault: FaultName
    }
  /** The process dies at the nth changing call. */
  | { readonly kind: 'death at a call'; readonly nth: number; readonly fate: keyof typeof fates }
  /** The process dies before the nth write of its state. */
  | { readonly kind: 'death at a write'; readonly nth: number }

export type Script = readonly Trouble[]

/** Early calls oftener: an edit has few. */
const nth = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
  fc.integer({ min: 1, max: 60 }),
)

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      on: fc.constantFrom('changing' as const, 'changing' as const, 'changing' as const, 'reading' as const),
      nth,
      calls: fc.constantFrom(1, 1, 2, 5),
      fault: fc.constantFrom(...(Object.keys(faultKinds) as FaultName[])),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('death at a call' as const),
      nth,
      fate: fc.constantFrom(...(Object.keys(fates) as (keyof typeof fates)[])),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('death at a write' as const),
      nth: fc.integer({ min: 1, max: 24 }),
    }),
  },
)

export const script: fc.Arbitrary<Script> = fc.array(trouble, { minLength: 1, maxLength: 3 })

/** How often each thing happened. */
export type Tally = Map<string, number>

export const count = (tally: Tally, what: string): void => {
  tally.set(what, (tally.get(what) ?? 0) + 1)
}

interface Running {
  readonly script: Script
  readonly kill: () => void
  changing: number
  reading: number
}

const reads = new Set(['GET', 'HEAD', 'LIST'])

/** Decides about every call to every server of the lab. */
export class Disturber {
  readonly #time: FastTime
  readonly #tally: Tally
  #running: Running | undefined
  #isShut = false
  /** Changing calls since the last `direct`. */
  get changing(): number {
    return this.#running?.changing ?? 0
  }

  constructor({ lab, nonprod }: ModelLab, time: FastTime, tally: Tally) {
    this.#time = time
    this.#tally = tally
    const fronts = [
      ['UCP', nonprod.ucp.faults],
      ['registry', nonprod.registry.faults],
      ['Vault', nonprod.vault.proxy?.faults],
      ['vCenter', lab.vcenter.proxy?.faults],
    ] as const
    for (const [part, faults] of fronts) {
      if (faults === undefined) throw new Error(`${part} has no faults`)
      faults.next = (call: Parameters<Faults['next']>[0]) =>
        this.#isShut
          ? fates['before the effect']
          : this.#next(kindOf(part, call) !== undefined, call.method ?? '')
    }
  }

  direct(script: Script, kill: () => void): void {
    this.#running = { script, kill, changing: 0, reading: 0 }
  }

  rest(): void {
    this.#running = undefined
    this.#isShut = false
  }

  /** A process that is dead sends nothing more. */
  shut(): void {
    this.#isShut = true
  }

  #next(isChanging: boolean, method: string): InjectedFault | undefined {
    const running = this.#running
    if (running === undefined) return undefined
    if (isChanging) running.changing += 1
    else if (reads.has(method)) running.reading += 1
    for (const one of running.script) {
      const fault = this.#meets(running, one, isChanging)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  #meets(running: Running, one: Trouble, isChanging: boolean): InjectedFault | undefined {
    if (one.kind === 'death at a write') return undefined
    if (one.kind === 'death at a call') {
      if (!isChanging || running.changing !== one.nth) return undefined
      count(this.#tally, `death at a call, ${one.fate}`)
      running.kill()
      return fates[one.fate]
    }
    if ((one.on === 'changing') !== isChanging) return undefined
    const at = isChanging ? running.changing : running.reading
    if (at < one.nth || at >= one.nth + one.calls) return undefined
    count(this.#tally, `${one.fault} (${one.on} call)`)
    count(this.#tally, 'calls met by a fault')
    const fault: InjectedFault = faultKinds[one.fault]
    if (fault.kind === 'timeout-before' || fault.kind === 'timeout-after') this.#time.hang()
    return fault
  }
}
