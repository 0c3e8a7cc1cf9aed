import type { ResourceResult, StackResult } from '../../src/engine/stack-result.ts'

const none = { same: 0, create: 0, update: 0, replace: 0, delete: 0 }

/** A resource of a concern, as the engine names it. */
export const resource = (
  concern: string,
  name: string,
  change: ResourceResult['change'],
  more: Partial<ResourceResult> = {},
): ResourceResult => ({
  urn: `urn:pulumi:nonprod.acme::tenantry::tenantry:index:Tenant$tenantry:index:${concern}$x:index:Y::${name}`,
  type: 'x:index:Y',
  name,
  change,
  properties: [],
  failed: false,
  ...more,
})

/** The end of a run of `nonprod.acme`, its counts as its resources say. */
export const result = (
  resources: readonly ResourceResult[],
  more: Partial<StackResult> = {},
): StackResult => {
  const counts = { ...none }
  for (const { change, failed } of resources) if (!failed) counts[change] += 1
  return {
    stack: 'nonprod.acme',
    operation: 'preview',
    outcome: 'succeeded',
    counts,
    resources,
    diagnostics: [],
    plugins: [],
    seconds: 1.25,
    ...more,
  }
}
