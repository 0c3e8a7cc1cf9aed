import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly parentResourcePoolId: Input<string>
  /** MHz. */
  readonly cpuReservation: Input<number>
  /** MiB. */
  readonly memoryReservation: Input<number>
  readonly cpuShareLevel: Input<string>
  /** MHz; -1 for none. */
  readonly cpuLimit: Input<number>
  readonly memoryShareLevel: Input<string>
  /** MiB; -1 for none. */
  readonly memoryLimit: Input<number>
}

/** A resource pool. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereResourcePool extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('vsphere:index/resourcePool:ResourcePool', name, { ...inputs }, options)
  }
}
