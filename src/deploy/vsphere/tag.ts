import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly categoryId: Input<string>
}

/** A tag. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereTag extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('vsphere:index/tag:Tag', name, { ...inputs }, options)
  }
}
