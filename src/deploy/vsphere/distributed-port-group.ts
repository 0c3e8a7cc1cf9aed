import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly distributedVirtualSwitchUuid: Input<string>
  readonly vlanId: Input<number>
}

/** A port group of a distributed switch. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereDistributedPortGroup extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('vsphere:index/distributedPortGroup:DistributedPortGroup', name, { ...inputs }, options)
  }
}
