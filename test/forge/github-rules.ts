import { parse } from 'yaml'
import * as z from 'zod'

const Step = z.strictObject({
  id: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  if: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  env: z.record(z.string(), z.string()).optional(),
})
type Step = z.infer<typeof Step>

const Job = z.strictObject({
  if: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  'runs-on': z.union([z.string(), z.array(z.string())]),
  'timeout-minutes': z.int(),
  environment: z.string().optional(),
  outputs: z.record(z.string(), z.string()).optional(),
  permissions: z.record(z.string(), z.enum(['read', 'write'])),
  concurrency: z.strictObject({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  steps: z.array(Step),
})
type Job = z.infer<typeof Job>

/** The keys that our workflow uses; another one has to be looked at here first. */
const Workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: z.strictObject({}),
  defaults: z.strictObject({ run: z.strictObject({ shell: z.string() }) }),
  jobs: z.record(z.string(), Job),
})

/** A trigger that runs a stranger's change with our rights, or on a stranger's word. */
const dangerousTriggers = ['pull_request_target', 'workflow_run', 'issue_comment', 'pull_request_review']

const isOpenToForks = ({ if: condition = '' }: Job): boolean =>
  condition.includes('pull_request') &&
  !condition.includes('head.repo.full_name == github.repository') &&
  !condition.includes("github.event_name == 'push'")

const expressionsIn = (value: unknown): string[] =>
  (JSON.stringify(value) ?? '').match(/\$\{\{.*?\}\}/g) ?? []

const stepFindings = (where: string, step: Step): string[] => [
  ...(expressionsIn(step.run).length > 0 ? [`${where}: an expression in run`] : []),
  ...(step.uses !== undefined && !/^actions\/[a-z-]+@v\d+$/.test(step.uses)
    ? [`${where}: ${step.uses} is no action of GitHub's by its tag`]
    : []),
  ...(step.uses?.startsWith('actions/checkout') && step.with?.['persist-credentials'] !== false
    ? [`${where}: the token stays in the checkout`]
    : []),
  ...(step.uses?.startsWith('actions/checkout') && step.with?.['fetch-depth'] !== 0
    ? [`${where}: a part of the history only`]
    : []),
  ...(step.uses?.startsWith('actions/checkout') && step.with?.ref !== undefined
    ? [`${where}: another commit than the one of the event`]
    : []),
  ...(step.uses?.startsWith('actions/upload-artifact') && step.with?.['include-hidden-files'] !== true
    ? [`${where}: .tenantry is hidden, and left out`]
    : []),
  ...(step.uses?.startsWith('actions/upload-artifact') && step.if !== 'always()'
    ? [`${where}: the report of a failed run is lost`]
    : []),
  ...(step.env !== undefined && !/^node bin\/tenantry\.mjs ci \S[^\n]*$/.test(step.run ?? '')
    ? [`${where}: credentials for more than tenantry`]
    : []),
]

const forkFindings = (name: string, job: Job): string[] => {
  const text = JSON.stringify(job)
  return [
    ...(/secrets\.|vars\.|github\.token|GITHUB_TOKEN/.test(text) ? [`${name}: a secret for forks`] : []),
    ...(job.environment === undefined ? [] : [`${name}: an environment for forks`]),
    ...(/self-hosted/.test(text) ? [`${name}: a runner of ours for forks`] : []),
    ...Object.entries(job.permissions).flatMap(([scope, right]) =>
      scope === 'contents' && right === 'read' ? [] : [`${name}: ${scope}: ${right} for forks`],
    ),
  ]
}

const isApply = ({ steps }: Job): boolean => steps.some(({ run = '' }) => / ci apply\b/.test(run))
const isProd = ({ steps }: Job): boolean => steps.some(({ run = '' }) => /--stage prod\b/.test(run))

const jobFindings = (name: string, job: Job): string[] => [
  ...job.steps.flatMap((step, at) => stepFindings(`${name}, step ${at + 1}`, step)),
  ...(isOpenToForks(job) ? forkFindings(name, job) : []),
  ...(isApply(job) && job.concurrency?.['cancel-in-progress'] !== false
    ? [`${name}: an apply that the next one cuts off, or runs beside`]
    : []),
  ...(isApply(job) && !job.steps.some(({ run = '' }) => run.includes('--plan '))
    ? [`${name}: an apply without the plan`]
    : []),
  ...(isProd(job) && job.environment !== 'production' ? [`${name}: prod without its environment`] : []),
  ...(job.if?.includes('pull_request') && /TENANTRY_PLAN_KEY/.test(JSON.stringify(job))
    ? [`${name}: a pull request can sign plans`]
    : []),
  ...(Object.entries(job.permissions).some(
    ([scope, right]) =>
      right === 'write' && !(scope === 'pull-requests' && job.if?.includes('== github.repository')),
  )
    ? [`${name}: more rights than it needs`]
    : []),
]

/** What is wrong with a workflow of GitHub Actions for this repository. */
export const githubFindings = (text: string): readonly string[] => {
  const workflow = Workflow.parse(parse(text))
  return [
    ...dangerousTriggers.filter((trigger) => Object.hasOwn(workflow.on, trigger)).map((one) => `on ${one}`),
    ...['pull_request', 'push', 'schedule']
      .filter((trigger) => !Object.hasOwn(workflow.on, trigger))
      .map((one) => `not on ${one}`),
    ...Object.entries(workflow.jobs).flatMap(([name, job]) => jobFindings(name, job)),
    ...(Object.values(workflow.jobs).some(isOpenToForks) ? [] : ['nothing for forks']),
    ...(Object.values(workflow.jobs).some(isProd) ? [] : ['nothing for prod']),
  ]
}
