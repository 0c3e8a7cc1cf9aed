import type { Secret } from '../../core/secret.ts'
import type { FaultProxy } from '../fault-proxy.ts'
import type { Part } from '../part.ts'

/** The lab's vCenter, whichever it is. */
export interface LabVcenter extends Part {
  readonly name: 'vcenter'
  readonly cluster: null
  /** `host:port`, as the vendor's plugin wants it. */
  readonly address: string
  readonly user: string
  readonly password: Secret
  /** PEM that its certificate can be checked against. */
  readonly caCertificate: string
  /** What stands before it, where faults are wanted; `address` is the proxy's then. */
  readonly proxy?: FaultProxy
}

/** Who the lab's platform account is in vCenter. */
export const labVcenterUser = 'svc-tenantry@vsphere.local'
