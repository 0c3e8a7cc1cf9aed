import { execFileSync, spawnSync } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkoutRoot } from '../../src/engine/checkout.ts'
import { chooseState } from '../../src/engine/choose-state.ts'
import { destroyStack } from '../../src/engine/run-stack.ts'
import { judgeCopy } from '../../src/engine/state-copy.ts'
import { tallyFaults } from '../faults/record-row.ts'
import { failuresOf } from './lab-session.ts'
import { descendantsOf, killNow } from './processes.ts'
import { openTinyTenant, type Running, type TinyTenant } from './tiny-tenant.ts'

const isLinux = process.platform === 'linux'
const isRoot = process.getuid?.() === 0
if (!isRoot)
  console.log('skipped: a full disk needs a file system of the test’s own, which only root can mount')
const isFull = process.env.TENANTRY_FAULTS === 'full' || process.env.TENANTRY_CASES !== undefined

let tiny: TinyTenant
/** The state and all that stands beside it, after an undisturbed run. */
let kept: string

const tallies = {
  cut: tallyFaults('state-cut', {
    fault: 'State file cut',
    step: 'at every record border and every 7th byte (judged); a sample with the real engine',
  }),
  flip: tallyFaults('state-bit-flip', {
    fault: 'State file with a bit flipped',
    step: 'every 3rd byte (judged); a sample with the real engine',
  }),
  gone: tallyFaults('state-gone', {
    fault: 'State file emptied, missing, replaced by a folder, attributes broken',
    step: 'before `up`',
  }),
  disk: tallyFaults('state-disk-full', {
    fault: 'Disk full while a checkpoint is written; read-only folder',
    step: 'in the middle of `up`',
  }),
  pending: tallyFaults('state-pending', {
    fault: 'A create, update or delete was cut off, and the files changed since',
    step: '`up` and `destroy` after it',
  }),
}

beforeAll(async () => {
  if (!isLinux) return
  tiny = await openTinyTenant('states')
  kept = join(tiny.session.files, 'kept')
  await mkdir(kept)
})
afterAll(async () => {
  if (tiny === undefined) return
  await tiny.close()
  for (const tally of Object.values(tallies)) await tally.write()
})

const besideState = async (): Promise<readonly string[]> =>
  (await readdir(join(tiny.stateFile, '..'))).filter((name) => name.startsWith(`${tiny.stack}.json`))

const keep = async (): Promise<void> => {
  for (const name of await besideState()) await copyFile(join(tiny.stateFile, '..', name), join(kept, name))
}

const putBack = async (): Promise<void> => {
  for (const name of await besideState()) await rm(join(tiny.stateFile, '..', name), { recursive: true })
  for (const name of await readdir(kept)) await copyFile(join(kept, name), join(tiny.stateFile, '..', name))
}

/** The plain CLI. @throws where it fails, with what it printed. */
const pulumi = (options: readonly string[]): string =>
  execFileSync('pulumi', [...options, '--non-interactive', '--stack', tiny.stack], {
    cwd: checkoutRoot(),
    env: { ...tiny.session.environment, TENANTRY_ROOT: tiny.session.files },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** One run, in a process of its own, that mends the state, says so, and leaves the undisturbed world. */
const expectRecovered = async (what: string, says: RegExp): Promise<void> => {
  const count = tiny.onWrite(() => undefined)
  const { code, output } = await tiny.start('up').ended
  expect(code, `${what}: ${output}`).toBe(0)
  expect(output, what).toMatch(says)
  expect(output, what).not.toContain('ciphertext')
  expect(count(), `${what}: everything is there`).toBe(0)
  await tiny.expectUndisturbed(what)
}

/** Where a record of the state's JSON ends. */
const recordBorders = (text: string): readonly number[] =>
  [...text.matchAll(/\},\{"urn":/g)].map(({ index }) => index + 1)

describe.runIf(isLinux)('a state file', () => {
  test('cut anywhere, or with a bit flipped, is never kept and never taken for an empty one', async () => {
    await keep()
    const bytes = await readFile(tiny.stateFile)
    const attributes = await readFile(`${tiny.stateFile}.attrs`, 'utf8')
    const backup = judgeCopy(
      'x.bak',
      await readFile(`${tiny.stateFile}.bak`),
      await readFile(`${tiny.stateFile}.bak.attrs`, 'utf8'),
    )
    expect(judgeCopy('x', bytes, attributes).verdict).toBe('sound')
    expect(backup.verdict).toBe('sound')
    const judge = (damaged: Buffer, beside: string | undefined): string =>
      chooseState({
        ...{ state: judgeCopy('x', damaged, beside), backup, unplaced: [], past: [] },
        resourcesBefore: undefined,
      }).kind
    const borders = recordBorders(bytes.toString('latin1'))
    expect(borders.length).toBeGreaterThan(5)
    const cuts = [
      ...borders,
      ...Array.from({ length: Math.floor(bytes.length / 7) }, (_, index) => index * 7),
    ]
    for (const end of cuts)
      await tallies.cut.count(async () => {
        const cut = bytes.subarray(0, end)
        expect([judge(cut, attributes), judge(cut, undefined)], `cut after ${end}`).toEqual([
          'restore',
          'restore',
        ])
        return 0
      })
    for (let at = 0; at < bytes.length; at += 3)
      await tallies.flip.count(async () => {
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
        expect(judge(flipped, attributes), `byte ${at}`).toBe('restore')
        return 0
      })
  })

  test('cut at a border is put back, said so, and the world stays as it is', async () => {
    const bytes = await readFile(join(kept, `${tiny.stack}.json`))
    const borders = recordBorders(bytes.toString('latin1'))
    const sample = isFull
      ? borders
      : borders.filter((_, index) => index % Math.ceil(borders.length / 2) === 1)
    for (const end of sample)
      await tallies.cut.count(async () => {
        await putBack()
        await writeFile(tiny.stateFile, bytes.subarray(0, end))
        await expectRecovered(`cut after ${end}`, /is damaged \(\d+ bytes that are no checkpoint\)/)
        return 1
      })
  })

  test('with a bit flipped is put back by its digest', async () => {
    const bytes = await readFile(join(kept, `${tiny.stack}.json`))
    const places = isFull ? [0.1, 0.3, 0.5, 0.7, 0.9] : [0.6]
    for (const place of places)
      await tallies.flip.count(async () => {
        await putBack()
        const at = Math.floor(bytes.length * place)
        const flipped = Buffer.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ 1
        await writeFile(tiny.stateFile, flipped)
        await expectRecovered(
          `bit flipped in byte ${at}`,
          /is damaged|was changed by somebody or something else/,
        )
        return 1
      })
  })

  test.each([
    ['emptied', /is empty/, () => writeFile(tiny.stateFile, '')],
    ['missing', /is missing, though the stack was applied before/, () => rm(tiny.stateFile)],
    [
      'missing with its backup',
      /put back from nonprod\.states[-.]\d+\.(?:checkpoint\.)?json/,
      () => rm(tiny.stateFile).then(() => rm(`${tiny.stateFile}.bak`)),
    ],
  ])('%s is put back', async (what, says, damage) => {
    await tallies.gone.count(async () => {
      await putBack()
      await damage()
      const preview = await tiny.session.run(
        'preview',
        (await tiny.session.stacks([tiny.organization])).filter(({ stack }) => stack === tiny.stack),
      )
      expect(failuresOf(preview.results).join('\n'), what).toContain(`The state of ${tiny.stack} is`)
      await expectRecovered(what, says)
      return 1
    })
  })

  test('with broken attributes is read without them', async () => {
    await tallies.gone.count(async () => {
      await putBack()
      await writeFile(`${tiny.stateFile}.attrs`, '{"user.cache')
      expect(await tiny.up()).toEqual([])
      await tiny.expectUndisturbed('broken attributes')
      return 1
    })
  })

  test('that refers to what it has not, as the engine writes one itself, is put in order and the world read', async () => {
    await tallies.gone.count(async () => {
      await putBack()
      const file = join(tiny.session.files, 'dangling.json')
      const exported = JSON.parse(pulumi(['stack', 'export'])) as {
        deployment: { resources: { urn: string; dependencies?: string[] }[] }
      }
      const { resources } = exported.deployment
      const needed = new Set(resources.flatMap(({ dependencies = [] }) => dependencies))
      const gone = resources.find(({ urn }) => needed.has(urn) && urn.includes('ucp:index:Collection'))
      expect(gone).toBeDefined()
      exported.deployment.resources = resources.filter((one) => one !== gone)
      await writeFile(file, JSON.stringify(exported))
      pulumi(['stack', 'import', '--disable-integrity-checking', '--file', file])
      expect(() => pulumi(['preview'])).toThrow(/snapshot integrity failure/)
      expect(await tiny.up()).toEqual([expect.stringContaining('collection/')])
      await tiny.expectUndisturbed('a dangling reference')
      return 1
    })
  })

  test('whose place a folder has is refused by name, and nothing is touched', async () => {
    await tallies.gone.count(async () => {
      await putBack()
      await rm(tiny.stateFile)
      await mkdir(tiny.stateFile)
      const count = tiny.onWrite(() => undefined)
      const { code, output } = await tiny.start('up').ended
      expect(code, output).toBe(3)
      expect(output).toContain(
        `The state of ${tiny.stack} cannot be used: a folder stands where a file belongs`,
      )
      expect(count()).toBe(0)
      await rm(tiny.stateFile, { recursive: true })
      await putBack()
      await tiny.expectUndisturbed('a folder in its place')
      return 1
    })
  })

  test('that is gone with all its copies is refused by name until a person decides', async () => {
    await putBack()
    const away = join(tiny.session.files, 'away')
    await rename(join(tiny.folder, '.pulumi'), away)
    const count = tiny.onWrite(() => undefined)
    const { code, output } = await tiny.start('up').ended
    expect(code, output).toBe(3)
    expect(output).toContain(
      'is missing, though the stack was applied before, and no older copy of it is whole',
    )
    expect(count()).toBe(0)
    await rm(join(tiny.folder, '.pulumi'), { recursive: true, force: true })
    await rename(away, join(tiny.folder, '.pulumi'))
    await tiny.expectUndisturbed('everything back')
  })
})

/** Starts a run and calls `act` when it sends its so-many-th call that changes something. */
const during = async (write: number, act: (running: Running) => Promise<void>): Promise<Running> => {
  let running: Running | undefined
  let acted: Promise<void> | undefined
  tiny.onWrite((count) => {
    if (count === write && running !== undefined) acted = act(running)
    return count === write ? { kind: 'slow', milliseconds: 400 } : undefined
  })
  running = tiny.start('up')
  const ended = await running.ended
  expect(acted, ended.output).toBeDefined()
  await acted
  return { pid: running.pid, ended: Promise.resolve(ended) }
}

const mount = (source: string, folder: string, options: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, source, folder])
}

/** As soon as nobody has anything open there: an engine that just ended may have. */
const unmount = (folder: string): Promise<void> =>
  expect.poll(() => spawnSync('umount', [folder]).status, { timeout: 30_000, interval: 200 }).toBe(0)

const fillBy = async (ballast: string, chunk: Buffer): Promise<void> => {
  try {
    for (;;) await writeFile(ballast, chunk, { flag: 'a' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

/** Moves the state to a small file system of its own while `act` runs. */
const onSmallDisk = async (
  act: (fill: () => Promise<void>, free: () => Promise<void>) => Promise<void>,
): Promise<void> => {
  const elsewhere = join(tiny.session.files, 'state-copy')
  execFileSync('cp', ['-a', `${tiny.folder}/.`, elsewhere])
  mount('tenantry-test', tiny.folder, 'size=24m')
  const ballast = join(tiny.folder, 'ballast')
  const fill = async (): Promise<void> => {
    for (const bytes of [64 * 1024, 4 * 1024, 1]) await fillBy(ballast, Buffer.alloc(bytes))
  }
  try {
    execFileSync('cp', ['-a', `${elsewhere}/.`, tiny.folder])
    await act(fill, () => rm(ballast, { force: true }))
    execFileSync('sh', ['-c', 'rm -rf "$1" && cp -a "$2/." "$1"', 'sh', elsewhere, tiny.folder])
  } catch (error) {
    // What still writes there must not hide what went wrong.
    execFileSync('umount', ['--lazy', tiny.folder])
    throw error
  }
  await unmount(tiny.folder)
  execFileSync('sh', [
    '-c',
    'rm -rf "$2/.pulumi" "$2/.tenantry" && cp -a "$1/." "$2"',
    'sh',
    elsewhere,
    tiny.folder,
  ])
}

describe.runIf(isLinux && isRoot)('a disk', () => {
  test('that fills up while a checkpoint is written is told, and the run goes on when there is space', async () => {
    await onSmallDisk(async (fill, free) => {
      // The engine tries each checkpoint for half a minute, so an early one costs minutes.
      for (const write of isFull ? [1, 3, 6, 9] : [tiny.writes - 1])
        await tallies.disk.count(async () => {
          await tiny.remove()
          const { code, output } = await (await during(write, () => fill())).ended
          expect(code, output).not.toBe(0)
          expect(output).toMatch(/no space left on device|disk is full/i)
          expect(output).toMatch(/Free some space/)
          expect(output).toContain(tiny.folder)
          // The engine has given some of it back.
          await fill()
          const again = await tiny.start('up').ended
          expect(again.code, again.output).toBe(3)
          expect(again.output).toContain('the disk is full')
          await free()
          tiny.onWrite(() => undefined)
          const next = await tiny.start('up').ended
          expect(next.code, next.output).toBe(0)
          await tiny.expectUndisturbed(`disk full at write ${write}`)
          return 1
        })
    })
  }, 3_600_000)

  test('that is read-only is told before anything is touched', async () => {
    await onSmallDisk(async () => {
      await tallies.disk.count(async () => {
        execFileSync('mount', ['-o', 'remount,ro', tiny.folder])
        const count = tiny.onWrite(() => undefined)
        const { code, output } = await tiny.start('up').ended
        execFileSync('mount', ['-o', 'remount,rw', tiny.folder])
        expect(code, output).toBe(3)
        expect(output).toContain('the file system is read-only')
        expect(count()).toBe(0)
        await tiny.expectUndisturbed('read-only')
        return 0
      })
    })
  })
})

const killAll = async ({ pid }: Running): Promise<void> => {
  for (const one of [...(await descendantsOf(pid)).map((below) => below.pid), pid]) killNow(one)
}

describe.runIf(isLinux)('what a killed run had begun', () => {
  test('and the files want no longer is looked for and removed', async () => {
    for (const write of isFull ? [1, 2, 3, 4, 5, 6, 7, 8] : [5])
      await tallies.pending.count(async () => {
        const what = `killed at write ${write}`
        await tiny.remove()
        await tiny.edit('gone')
        await (await during(Math.min(write, tiny.writes), killAll)).ended
        await tiny.edit('app')
        tiny.onWrite(() => undefined)
        const { code, output } = await tiny.start('up').ended
        expect(code, `${what}: ${output}`).toBe(0)
        expect(output, what).not.toContain('It may exist')
        await tiny.expectUndisturbed(what)
        return 1
      })
  })

  test('leaves nothing when the stack is destroyed next', async () => {
    await tiny.remove()
    const empty = await worldWithout()
    for (const write of isFull ? [1, 2, 4, 6, 8] : [tiny.writes - 1])
      await tallies.pending.count(async () => {
        await (await during(write, killAll)).ended
        tiny.onWrite(() => undefined)
        const { engine, environment } = tiny.session
        const result = await destroyStack({ stack: tiny.stack, engine, environment })
        expect(failuresOf([result])).toEqual([])
        expect(await worldWithout(), `killed at write ${write}, then destroyed`).toEqual(empty)
        return 1
      })
    await tiny.up()
    await tiny.expectUndisturbed('after all')
  })
})

/** The world as it is, for a comparison with itself. */
const worldWithout = async (): Promise<unknown> => {
  const { readWorld } = await import('./world.ts')
  return readWorld(tiny.session.lab, tiny.cluster)
}
