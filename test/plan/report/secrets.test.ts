import { describe, expect, it } from 'vitest'
import type { Resource } from '../../../src/model/resource.ts'
import { fleetChange } from '../../../src/plan/fleet-change.ts'
import { type ChangeReport, changeReport } from '../../../src/plan/report/change-report.ts'
import { wholeMarkdown } from '../../../src/plan/report/comment.ts'
import type { EngineRun } from '../../../src/plan/report/engine-run.ts'
import { renderJson } from '../../../src/plan/report/render-json.ts'
import { renderTextBlocks } from '../../../src/plan/report/render-text.ts'
import { reportBlocks, unlimited } from '../../../src/plan/report/report-blocks.ts'
import { withoutSecrets } from '../../../src/plan/report/visible.ts'
import { base, statesOf } from './scenario.ts'

const plant = 'hunter2-PLANTED'

const texts = (report: ChangeReport): readonly string[] => [
  wholeMarkdown(report),
  renderTextBlocks(reportBlocks(report, unlimited)),
  renderJson(report),
]

/** A resource with the planted word wherever a secret could stand, and a number that tells it from the other side. */
const planted = (resource: Resource, side: number): Resource => {
  const record = { [`${side}`]: plant, PASSWORD: `${plant}${side}` }
  switch (resource.kind) {
    case 'DockerConfig':
      return { ...resource, data: `password: ${plant}${side}`, labels: record }
    case 'DockerSecret':
      return { ...resource, data: { kind: 'SecretText', parts: [`${plant}${side}`] } }
    case 'DockerService':
      return { ...resource, environment: record, labels: record }
    case 'Volume':
      return { ...resource, driverOptions: { ...record, o: `username=a,password=${plant}${side}` } }
    case 'VirtualMachine':
      return { ...resource, guestInfo: record }
    case 'Network':
      return { ...resource, options: record, labels: record }
    case 'VaultPolicy':
      return { ...resource, policy: `# ${plant}${side}` }
    case 'RegistryWebhook':
      return { ...resource, endpoint: `https://user:${plant}${side}@hooks.example/?token=${plant}` }
    case 'Repository':
      return { ...resource, shortDescription: `${plant}${side}` }
    case 'Team':
      return { ...resource, description: `${plant}${side}` }
    default:
      return resource
  }
}

const side = (number: number) =>
  statesOf(base).map((state) => ({
    ...state,
    resources: state.resources.map((resource) => planted(resource, number)),
  }))

const report = (before: ReturnType<typeof side>, after: ReturnType<typeof side>): ChangeReport =>
  changeReport({ change: fleetChange(before, after), files: { before: base, after: base } })

describe('a secret in a desired state', { timeout: 60_000 }, () => {
  it('is planted in what changes', () => {
    expect(JSON.stringify(fleetChange(side(1), side(2)).stacks)).toContain(plant)
  })

  it.each([
    ['changes', side(1), side(2)],
    ['comes', [], side(2)],
    ['goes', side(1), []],
  ])('is in no form of the report when it %s', (_, before, after) => {
    for (const text of texts(report(before, after))) expect(text).not.toContain(plant)
  })

  it('leaves a word in its place', () => {
    const [markdown = ''] = texts(report(side(1), side(2)))
    expect(markdown).toContain('environment `1`, `2` and `PASSWORD` (\\[secret\\])')
  })
})

const failing = (message: string): EngineRun => ({
  stack: 'prod.acme',
  outcome: 'failed',
  resources: [],
  diagnostics: [{ severity: 'error', message, hint: message }],
})

describe('a secret in what a server says', () => {
  it.each([
    `dial https://svc:${plant}@vault.example/v1 failed`,
    `mount: addr=10.0.0.1,username=svc,password=${plant},vers=3`,
    `{"secretKey": "${plant}", "ok": false}`,
    `Authorization: Bearer ${plant}`,
    `token=${plant}`,
    `-----BEGIN RSA PRIVATE KEY-----\n${plant}\n-----END RSA PRIVATE KEY-----`,
    `refused hvs.${plant}`,
    `refused eyJhbGciOi.${plant}AAAAAA.sig-${plant}`,
  ])('is not in the report: %s', (message) => {
    const made = changeReport({
      change: fleetChange([], []),
      files: { after: base },
      runs: [failing(message)],
    })
    for (const text of texts(made)) expect(text).not.toContain(plant)
  })

  it('is all that is taken out', () => {
    expect(withoutSecrets('The secret acme/db was not found (token expired).')).toBe(
      'The secret acme/db was not found (token expired).',
    )
  })
})
