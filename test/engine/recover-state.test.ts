import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isFault } from '../../src/core/fault.ts'
import { inspectState, recoverState } from '../../src/engine/recover-state.ts'
import { runsOf } from '../../src/engine/run-folders.ts'
import { readCopy } from '../../src/engine/state-copy.ts'
import { stateFault } from '../../src/engine/state-fault.ts'
import { checkpoint, cipher, put } from './state-files.ts'

const stack = 'nonprod.acme'
const now = checkpoint(6, '2026-03-02T10:00:00.000Z')
const before = checkpoint(5, '2026-03-02T09:59:59.000Z')
let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-state-'))
  file = join(folder, '.pulumi', 'stacks', 'tenantry', `${stack}.json`)
  await put(file, now)
  await put(`${file}.bak`, before)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const place = () => ({ folder, project: 'tenantry', stack })
const recover = () => recoverState({ place: place(), past: place() })

const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => stateFault(thrown, stack, folder),
  )
  if (!isFault(error)) throw new Error(`no fault: ${String(error)}`)
  return `${error.code}: ${error.message} ${error.details.hint}`
}

const isSound = async (text: string): Promise<void> => {
  const copy = await readCopy(file)
  expect(copy?.bytes.toString()).toBe(text)
  expect(copy?.verdict).not.toBe('altered')
}

describe('recoverState', () => {
  test('keeps a whole state and says nothing', async () => {
    expect(await recover()).toEqual({ warnings: [], isOlder: false })
    await isSound(now)
    await inspectState(place())
  })

  test('removes attributes that were cut and files that were not renamed, of this stack alone', async () => {
    const beside = join(folder, '.pulumi', 'stacks', 'tenantry')
    await writeFile(`${file}.attrs`, '')
    await writeFile(`${file}.bak.attrs`, '{"user.cache')
    await writeFile(`${file}.18e3a4b5c6d7e8f9.tmp`, '{"ver')
    await writeFile(join(beside, 'nonprod.other.json.attrs'), '')
    expect((await recover()).warnings).toEqual([])
    expect((await readdir(beside)).sort()).toEqual(
      [`${stack}.json`, `${stack}.json.bak`, 'nonprod.other.json.attrs'].sort(),
    )
  })

  test('puts an older copy back, says from when it is, keeps what was found, and shows nothing of it', async () => {
    const cut = now.slice(0, now.indexOf(cipher) + cipher.length)
    await put(file, cut, now)
    const { warnings, isOlder } = await recover()
    expect(isOlder).toBe(true)
    await isSound(before)
    const said = JSON.stringify(warnings)
    expect(said).toContain(`The state of ${stack} is damaged (${Buffer.byteLength(cut)} bytes`)
    expect(said).toContain(
      `put back from ${stack}.json.bak, which the engine wrote at 2026-03-02T09:59:59.000Z`,
    )
    expect(said).not.toContain(cipher.slice(0, 12))
    const kept = join(folder, '.tenantry', 'damaged')
    const [name = ''] = await readdir(kept)
    expect(said).toContain(join(kept, name))
    expect(await readFile(join(kept, name), 'utf8')).toBe(cut)
    expect(await recover()).toEqual({ warnings: [], isOlder: false })
  })

  test.each([
    ['history', `${stack}-17.checkpoint.json`],
    ['backups', `${stack}.17.json`],
  ])('finds the past in %s', async (kind, name) => {
    await rm(file)
    await rm(`${file}.bak`)
    await put(join(folder, '.pulumi', kind, 'tenantry', stack, name), before)
    await put(
      join(folder, '.pulumi', kind, 'tenantry', stack, `${stack}-17.history.json`),
      '{"kind":"update"}',
    )
    const { warnings } = await recover()
    expect(JSON.stringify(warnings)).toContain('is missing, though the stack was applied before')
    await isSound(before)
  })

  test('refuses where nothing else is left, with the way out, and leaves what is there', async () => {
    await put(file, now.slice(0, 700), now)
    await rm(`${file}.bak`)
    const said = await refusal(recover())
    expect(said).toMatch(/^conflict: The state of nonprod\.acme is damaged/)
    expect(said).toContain('Put the file back from a backup')
    expect(said).not.toContain('urn:')
    expect(await readFile(file, 'utf8')).toBe(now.slice(0, 700))
  })

  test('refuses a state that is gone with everything, where the last run left something', async () => {
    await rm(join(folder, '.pulumi'), { recursive: true })
    await mkdir(runsOf(folder, stack), { recursive: true })
    const end = { token: 4, ended: 'released', at: '2026-03-02T10:00:00Z', by: 'x', resources: 6 }
    await writeFile(join(runsOf(folder, stack), '4'), JSON.stringify(end))
    expect(await refusal(recover())).toContain('is missing, though the stack was applied before')
    await writeFile(join(runsOf(folder, stack), '4'), JSON.stringify({ ...end, resources: 0 }))
    expect((await recover()).warnings).toEqual([])
  })

  test('refuses a folder in the place of the state by name', async () => {
    await rm(file)
    await mkdir(file)
    expect(await refusal(recover())).toContain('a folder stands where a file belongs')
    expect(await refusal(recover())).toContain(stack)
  })
})

describe('inspectState', () => {
  test('tells a damaged state, what becomes of it, and changes nothing', async () => {
    await put(file, now.slice(0, 700), now)
    const said = await refusal(inspectState(place()))
    expect(said).toMatch(/is damaged \(7\d\d bytes/)
    expect(said).toContain('`tenantry up` puts an older copy in its place')
    expect(await readFile(file, 'utf8')).toBe(now.slice(0, 700))
  })

  test('takes a missing state with a past for no new stack', async () => {
    await rm(file)
    expect(await refusal(inspectState(place()))).toContain('is missing')
    await rm(`${file}.bak`)
    await inspectState(place())
  })
})

test('a full disk, a missing right and a wrong kind of file are told with the place and the way out', async () => {
  const cases = {
    ENOSPC: 'Free some space',
    EROFS: 'writable',
    EACCES: 'read and write',
    EDQUOT: 'Free some space',
  }
  for (const [code, way] of Object.entries(cases)) {
    const fault = stateFault(
      Object.assign(new Error(code), { code, path: '/mnt/state/x' }),
      stack,
      '/mnt/state',
    )
    if (!isFault(fault, 'unavailable')) throw new Error('no fault')
    expect(fault.message).toContain(`${stack} cannot be used`)
    expect(fault.message).toContain('/mnt/state/x')
    expect(fault.details.hint).toContain(way)
  }
  expect(stateFault(new Error('a bug'), stack, '/')).toEqual(new Error('a bug'))
})
