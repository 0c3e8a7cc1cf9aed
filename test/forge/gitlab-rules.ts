import { parse } from 'yaml'
import * as z from 'zod'

const texts = z.array(z.string())

const Job = z.strictObject({
  extends: z.literal('.tenantry').optional(),
  image: z.string().optional(),
  before_script: texts.optional(),
  stage: z.string().optional(),
  interruptible: z.boolean().optional(),
  timeout: z.string().optional(),
  tags: texts.optional(),
  needs: z
    .array(z.union([z.string(), z.strictObject({ job: z.string(), artifacts: z.boolean().optional() })]))
    .optional(),
  environment: z.strictObject({ name: z.string(), action: z.string().optional() }).optional(),
  resource_group: z.string().optional(),
  rules: z.array(z.strictObject({ if: z.string(), when: z.string().optional() })).optional(),
  script: texts.optional(),
  variables: z.record(z.string(), z.string()).optional(),
  artifacts: z
    .strictObject({
      when: z.literal('always'),
      expire_in: z.string(),
      paths: texts,
      reports: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
})
type Job = z.infer<typeof Job>

/** The keys that our pipeline uses; another one has to be looked at here first. */
const Pipeline = z.object({
  workflow: z.strictObject({ rules: z.array(z.strictObject({ if: z.string() })) }),
  stages: texts,
  variables: z.record(z.string(), z.string()),
})

const notJobs = new Set(['workflow', 'stages', 'variables'])

const ruleOf = ({ rules = [] }: Job): string => rules.map((rule) => rule.if).join(' || ')
const sameProject = '$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID'

const isForMergeRequests = (job: Job): boolean => ruleOf(job).includes('merge_request_event')
const isOpenToForks = (job: Job): boolean => isForMergeRequests(job) && !ruleOf(job).includes(sameProject)
const isApply = ({ script = [] }: Job): boolean => script.some((line) => / ci apply\b/.test(line))
const isProd = ({ script = [] }: Job): boolean => script.some((line) => /--stage prod\b/.test(line))

const forkFindings = (name: string, job: Job): string[] => [
  ...(job.environment === undefined ? [] : [`${name}: an environment for forks`]),
  ...(job.tags === undefined ? [] : [`${name}: a runner of ours for forks`]),
  ...(job.variables === undefined ? [] : [`${name}: variables for forks`]),
]

const jobFindings = (name: string, job: Job): string[] => [
  ...[...(job.script ?? []), ...(job.before_script ?? [])]
    .filter((line) => /[$`]/.test(line))
    .map((line) => `${name}: a shell reads what others wrote: ${line}`),
  ...(isOpenToForks(job) ? forkFindings(name, job) : []),
  ...(name !== '.tenantry' && (job.rules ?? []).length === 0 ? [`${name}: runs whenever`] : []),
  ...(isApply(job) && (job.resource_group === undefined || job.interruptible === true)
    ? [`${name}: an apply that is cut off by the next one, or runs beside it`]
    : []),
  ...(isApply(job) && !job.script?.some((line) => line.includes('--plan '))
    ? [`${name}: an apply without the plan`]
    : []),
  ...(isApply(job) && isForMergeRequests(job) ? [`${name}: an apply before the merge`] : []),
  ...(isProd(job) &&
  (job.environment?.name !== 'production' || job.rules?.some(({ when }) => when !== 'manual'))
    ? [`${name}: prod without an approval`]
    : []),
]

/** What is wrong with a GitLab pipeline for this repository. */
export const gitlabFindings = (text: string): readonly string[] => {
  const file = parse(text) as Record<string, unknown>
  const pipeline = Pipeline.parse(file)
  const jobs = Object.entries(file)
    .filter(([name]) => !notJobs.has(name))
    .map(([name, job]) => [name, Job.parse(job)] as const)
  return [
    ...(pipeline.variables.GIT_DEPTH === '0' ? [] : ['a part of the history only']),
    ...jobs.flatMap(([name, job]) => jobFindings(name, job)),
    ...jobs
      .filter(([, { stage }]) => stage !== undefined && !pipeline.stages.includes(stage))
      .map(([name]) => `${name}: an unknown stage`),
    ...(jobs.some(([, job]) => isOpenToForks(job)) ? [] : ['nothing for forks']),
    ...(jobs.some(([, job]) => isProd(job)) ? [] : ['nothing for prod']),
    ...(jobs.some(([, job]) => ruleOf(job).includes('== "schedule"') && !isApply(job))
      ? []
      : ['no schedule']),
  ]
}
