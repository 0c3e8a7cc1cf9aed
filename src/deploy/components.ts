import { ComponentResource } from '@pulumi/pulumi'
import type { Concern } from '../model/resource-base.ts'

/** The root of a tenant's stack: what its file makes on one cluster. */
export class Tenant extends ComponentResource {
  constructor(organization: string) {
    super('tenantry:index:Tenant', organization)
  }
}

/** The root of a platform stack: what a cluster shares. */
export class Platform extends ComponentResource {
  constructor(cluster: string) {
    super('tenantry:index:Platform', cluster)
  }
}

const tokens: Readonly<Record<Concern, string>> = {
  access: 'tenantry:index:Access',
  registry: 'tenantry:index:Registry',
  networks: 'tenantry:index:Networks',
  volumes: 'tenantry:index:Volumes',
  secrets: 'tenantry:index:Secrets',
  ci: 'tenantry:index:Ci',
  nodes: 'tenantry:index:Nodes',
  cluster: 'tenantry:index:Cluster',
}

/** A part of a tenant file, so that a preview reads like the file. */
export class ConcernGroup extends ComponentResource {
  constructor(concern: Concern, parent: ComponentResource) {
    super(tokens[concern], concern, {}, { parent })
  }
}
