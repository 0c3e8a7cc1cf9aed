import { status } from '@grpc/grpc-js'
import { CustomResource, type Inputs, output, RunError } from '@pulumi/pulumi'
import { afterEach, expect, test } from 'vitest'
import { type LanguageServer, serveProgram } from '../../src/engine/language/language-server.ts'
import type { Program } from '../../src/engine/language/program-run.ts'
import { type EngineBehaviour, type ListeningEngine, listeningEngine } from './listening-engine.ts'

const opened: (() => void)[] = []

afterEach(() => {
  for (const close of opened.splice(0)) close()
})

const engineOf = async (stack: string, behaviour?: EngineBehaviour): Promise<ListeningEngine> => {
  const engine = await listeningEngine(stack, behaviour)
  opened.push(engine.kill)
  return engine
}

const serve = async (stack: string, program: Program): Promise<LanguageServer> => {
  const server = await serveProgram(stack, program)
  opened.push(server.stop)
  return server
}

class Thing extends CustomResource {
  constructor(name: string, dependsOn: Thing[] = [], inputs: Inputs = {}) {
    super('x:index:Thing', name, inputs, { dependsOn })
  }
}

const chain =
  (...names: readonly string[]): Program =>
  async () => {
    let last: Thing[] = []
    for (const name of names) last = [new Thing(name, last)]
  }

/** A promise and what resolves it. */
const gate = () => {
  let open = (): void => undefined
  const opening = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opening, open: () => open() }
}

test('a program registers all that it has, then says so once', async () => {
  const engine = await engineOf('nonprod.acme')
  const { address } = await serve('nonprod.acme', chain('a', 'b', 'c'))
  const answer = await engine.run(address)
  expect(answer.getBail()).toBe(false)
  expect(answer.getError()).toBe('')
  expect(engine.registered).toEqual(['tenantry-nonprod.acme', 'a', 'b', 'c'])
  expect(engine.complete()).toBe(1)
  expect(engine.told).toEqual([])
})

test('programs that run at once each reach their own engine alone', async () => {
  const first = gate()
  const left = await engineOf('nonprod.left', {
    before: (name) => (name === 'l1' ? first.opening : Promise.resolve()),
  })
  const right = await engineOf('nonprod.right')
  const servers = await Promise.all([
    serve('nonprod.left', chain('l1', 'l2', 'l3')),
    serve('nonprod.right', chain('r1', 'r2', 'r3')),
  ])
  const slow = left.run(servers[0].address)
  const fast = await right.run(servers[1].address)
  first.open()
  expect([fast.getBail(), (await slow).getBail()]).toEqual([false, false])
  expect(left.registered).toEqual(['tenantry-nonprod.left', 'l1', 'l2', 'l3'])
  expect(right.registered).toEqual(['tenantry-nonprod.right', 'r1', 'r2', 'r3'])
})

test('what a program throws is told once, and it is never said that every resource is registered', async () => {
  const engine = await engineOf('nonprod.acme')
  const { address } = await serve('nonprod.acme', async () => {
    new Thing('a')
    throw new RunError('The connections file is not there.')
  })
  expect((await engine.run(address)).getBail()).toBe(true)
  expect(engine.told).toEqual(['The connections file is not there.'])
  expect(engine.complete()).toBe(0)
})

test('a bug is told with where it is', async () => {
  const engine = await engineOf('nonprod.acme')
  const { address } = await serve('nonprod.acme', async () => {
    throw new TypeError('x is not a function')
  })
  expect((await engine.run(address)).getBail()).toBe(true)
  expect(engine.told).toHaveLength(1)
  expect(engine.told[0]).toMatch(
    /^Running the program failed with an unhandled exception:\nTypeError: x is not a function\n +at /,
  )
})

test('an error that nobody awaits fails the run that it belongs to, and no other', async () => {
  const waiting = gate()
  const sound = await engineOf('nonprod.sound', {
    before: (name) => (name === 'late' ? waiting.opening : Promise.resolve()),
  })
  const broken = await engineOf('nonprod.broken')
  const [a, b] = await Promise.all([
    serve('nonprod.sound', chain('early', 'late')),
    serve('nonprod.broken', async () => {
      const thing = new Thing('a')
      // Its callback runs in nobody's await.
      thing.urn.apply(() => {
        throw new RunError('Only this one.')
      })
    }),
  ])
  const kept = sound.run(a.address)
  expect((await broken.run(b.address)).getBail()).toBe(true)
  waiting.open()
  expect((await kept).getBail()).toBe(false)
  expect(broken.told).toEqual(['Only this one.'])
  expect(broken.complete()).toBe(0)
  expect(sound.told).toEqual([])
  expect(sound.complete()).toBe(1)
})

test('what stands on something that failed keeps no program from its end, and what is under way is waited for', async () => {
  const waiting = gate()
  const asked = gate()
  const engine = await engineOf('nonprod.acme', {
    before: (name) => (name === 'slow' ? waiting.opening : Promise.resolve()),
  })
  const { address } = await serve('nonprod.acme', async () => {
    const ticket = (name: string) =>
      new Thing(name, [], {
        ticket: output(
          asked.opening.then(() => {
            throw new RunError('No ticket.')
          }),
        ),
      })
    new Thing('stands on it', [ticket('broken'), ticket('broken too')])
    new Thing('after slow', [new Thing('slow')])
    await asked.opening
  })
  const answer = engine.run(address)
  await expect.poll(() => engine.registered).toContain('tenantry-nonprod.acme')
  asked.open()
  await expect.poll(() => engine.told).toEqual(['No ticket.'])
  waiting.open()
  expect((await answer).getBail()).toBe(true)
  expect([...engine.registered].sort()).toEqual(['after slow', 'slow', 'tenantry-nonprod.acme'])
  expect(engine.complete()).toBe(0)
  expect(engine.told).toEqual(['No ticket.'])
})

test('a program whose engine dies comes to an end, without another word', async () => {
  const reached = gate()
  const engine = await engineOf('nonprod.acme', {
    before: async (name) => {
      if (name !== 'b') return
      reached.open()
      await new Promise(() => undefined)
    },
  })
  const { address } = await serve('nonprod.acme', chain('a', 'b', 'c'))
  const answer = engine.run(address)
  await reached.opening
  engine.kill()
  expect((await answer).getBail()).toBe(true)
  expect(engine.registered).toEqual(['tenantry-nonprod.acme', 'a'])
  expect(engine.complete()).toBe(0)
})

test('a server that stops ends its program, also one that waits for an engine', async () => {
  const reached = gate()
  const engine = await engineOf('nonprod.acme', {
    before: async (name) => {
      if (name === 'a') reached.open()
      await new Promise(name === 'a' ? () => undefined : (go) => go(undefined))
    },
  })
  const server = await serve('nonprod.acme', chain('a'))
  // Told that it failed, or cut off: which of the two comes first nobody knows.
  const hasFailed = engine.run(server.address).then(
    (answer) => answer.getBail(),
    () => true,
  )
  await reached.opening
  server.stop()
  server.stop()
  expect(await hasFailed).toBe(true)
  expect(engine.complete()).toBe(0)
})

test('a run is given once, and to an engine of that stack only', async () => {
  const engine = await engineOf('nonprod.acme')
  const other = await engineOf('nonprod.other')
  const { address } = await serve('nonprod.acme', chain('a'))
  await expect(other.run(address)).rejects.toMatchObject({ code: status.PERMISSION_DENIED })
  await engine.run(address)
  await expect(engine.run(address)).rejects.toMatchObject({ code: status.PERMISSION_DENIED })
  expect(engine.registered).toEqual(['tenantry-nonprod.acme', 'a'])
  expect(other.registered).toEqual([])
})
