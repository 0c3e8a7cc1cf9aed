import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  /** Below the datacenter’s folder of that type. */
  readonly path: Input<string>
  readonly type: Input<'vm'>
  readonly datacenterId: Input<string>
}

/** An inventory folder. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereFolder extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('vsphere:index/folder:Folder', name, { ...inputs }, options)
  }
}
