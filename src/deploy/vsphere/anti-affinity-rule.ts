import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly computeClusterId: Input<string>
  readonly virtualMachineIds: Input<Input<string>[]>
}

/** Keeps VMs on different hosts. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereAntiAffinityRule extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super(
      'vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule',
      name,
      { ...inputs },
      options,
    )
  }
}
