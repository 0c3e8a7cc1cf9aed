import { checkoutRoot } from '../../src/engine/checkout.ts'
import { failuresOf, type LabSession, openLabSession } from '../integration/lab-session.ts'
import { type Cost, costOf } from './cost.ts'
import { emptyStack, type Subject } from './empty-stacks.ts'
import { median } from './median.ts'

const rounds = 7
const organizations = ['data-science', 'retail-banking']
const cluster = 'nonprod'

/** The tenants' stacks, applied, with how many resources each holds. */
const tenantSubjects = async (session: LabSession): Promise<Subject[]> => {
  const states = (await session.stacks(organizations)).filter((state) => state.cluster === cluster)
  const report = await session.run('up', states)
  const failures = failuresOf(report.results)
  if (failures.length > 0) throw new Error(failures.join('\n'))
  return states
    .filter(({ organization }) => organization !== null)
    .map(({ stack, resources }) => ({
      name: `${stack} (${resources.length} resources)`,
      project: checkoutRoot(),
      stack,
    }))
}

/** The plain CLI's preview, as a person runs it from the checkout. */
const preview = ({ project, stack }: Subject, env: NodeJS.ProcessEnv): Cost =>
  costOf(['pulumi', 'preview', '--stack', stack, '--non-interactive', '--color', 'never'], {
    cwd: project,
    env,
  })

/** Turn by turn, so that whatever else the machine does falls on all of them; the first round warms caches. */
const measured = (subjects: readonly Subject[], env: NodeJS.ProcessEnv): Map<Subject, Cost> => {
  const costs = new Map(subjects.map((subject): [Subject, Cost[]] => [subject, []]))
  for (let round = 0; round <= rounds; round += 1)
    for (const [subject, list] of costs) {
      const cost = preview(subject, env)
      if (round > 0) list.push(cost)
    }
  return new Map(
    [...costs].map(([subject, list]) => [
      subject,
      {
        wallSeconds: median(list.map(({ wallSeconds }) => wallSeconds)),
        cpuSeconds: median(list.map(({ cpuSeconds }) => cpuSeconds)),
      },
    ]),
  )
}

const ratios = (cost: Cost, [subject, base]: readonly [Subject, Cost]): string =>
  `${(cost.wallSeconds / base.wallSeconds).toFixed(2)} × wall, ${(cost.cpuSeconds / base.cpuSeconds).toFixed(2)} × CPU of ${subject.name}`

const print = (costs: ReadonlyMap<Subject, Cost>, bases: readonly Subject[]): void => {
  const baseCosts = [...costs].filter(([subject]) => bases.includes(subject))
  for (const [subject, cost] of costs) {
    console.log(
      `  ${subject.name}: ${cost.wallSeconds.toFixed(2)} s wall, ${cost.cpuSeconds.toFixed(2)} s CPU`,
    )
    if (bases.includes(subject)) continue
    for (const base of baseCosts) console.log(`    ${ratios(cost, base)}`)
  }
}

const benchIn = async (session: LabSession): Promise<void> => {
  const { engine, environment, files } = session
  const env = { ...environment, PULUMI_SKIP_UPDATE_CHECK: 'true' }
  const tenants = await tenantSubjects(session)
  const empty = { folder: files, engine, environment: env }
  const bases = [await emptyStack('bare program', empty), await emptyStack('imports @pulumi/pulumi', empty)]
  console.log(`pulumi preview of an unchanged stack, one after the other, median of ${rounds}:`)
  print(measured([...bases, ...tenants], env), bases)
}

/** The engine's preview of two tenants' stacks beside its preview of an empty stack, in a lab of the benchmark's own. */
export const benchPreview = async (): Promise<void> => {
  const session = await openLabSession()
  try {
    await benchIn(session)
  } finally {
    await session.close()
  }
}
