import * as z from 'zod'
import { accessLabel } from '../compile/docker-labels.ts'
import type { Checked } from '../core/issue.ts'
import type { RunningService, RunningUsage } from './running-usage.ts'

const Labels = z.record(z.string(), z.string()).nullish()

/** What the Docker Engine API (1.39 and later) says of a service, as far as quotas and ports go. */
const Service = z.object({
  Spec: z.object({
    Name: z.string().optional(),
    Labels,
    TaskTemplate: z
      .object({
        Resources: z
          .object({
            Limits: z
              .object({ NanoCPUs: z.number().optional(), MemoryBytes: z.number().optional() })
              .nullish(),
          })
          .nullish(),
      })
      .optional(),
    Mode: z
      .object({
        Replicated: z.object({ Replicas: z.number().nullish() }).nullish(),
        ReplicatedJob: z.object({ MaxConcurrent: z.number().nullish() }).nullish(),
        Global: z.looseObject({}).nullish(),
        GlobalJob: z.looseObject({}).nullish(),
      })
      .nullish(),
    EndpointSpec: z
      .object({
        Ports: z
          .array(
            z.object({
              Protocol: z.string().optional(),
              PublishedPort: z.number().optional(),
              PublishMode: z.string().optional(),
            }),
          )
          .nullish(),
      })
      .nullish(),
  }),
})
const Services = z.array(Service).max(100_000)
type Service = z.infer<typeof Service>

const containersOf = ({ Mode }: Service['Spec']): number | undefined => {
  if (Mode?.Global != null || Mode?.GlobalJob != null) return undefined
  return Mode?.ReplicatedJob?.MaxConcurrent ?? Mode?.Replicated?.Replicas ?? 1
}

const portsOf = ({ EndpointSpec }: Service['Spec']): readonly string[] =>
  (EndpointSpec?.Ports ?? []).flatMap(({ Protocol, PublishedPort, PublishMode }) =>
    PublishedPort === undefined || PublishedPort === 0 || PublishMode === 'host'
      ? []
      : [`${PublishedPort}/${Protocol ?? 'tcp'}`],
  )

const runningService = ({ Spec }: Service): RunningService => {
  const limits = Spec.TaskTemplate?.Resources?.Limits
  return {
    name: Spec.Name ?? 'a service without a name',
    stack: Spec.Labels?.['com.docker.stack.namespace'],
    collection: Spec.Labels?.[accessLabel],
    containers: containersOf(Spec),
    cpuLimitMillis: Math.ceil((limits?.NanoCPUs ?? 0) / 1e6),
    memoryLimitBytes: limits?.MemoryBytes ?? 0,
    publishedPorts: portsOf(Spec),
  }
}

/** What runs, of services as `GET /services` and `docker service inspect` tell them. Issue code: `running/unreadable`. Never throws. */
export const runningUsage = (file: string, services: unknown): Checked<RunningUsage> => {
  const parsed = Services.safeParse(services)
  if (parsed.success) return { ok: true, value: { services: parsed.data.map(runningService) } }
  const first = parsed.error.issues[0]
  return {
    ok: false,
    issues: [
      {
        code: 'running/unreadable',
        message: `What runs cannot be read at '${first?.path.map(String).join('.').slice(0, 200) ?? ''}': ${first?.message.slice(0, 200) ?? 'malformed'}.`,
        source: { file, line: 1, column: 1 },
        hint: 'Write it with: docker service inspect $(docker service ls -q) > running.json',
      },
    ],
  }
}
