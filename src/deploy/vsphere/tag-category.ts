import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly cardinality: Input<'SINGLE' | 'MULTIPLE'>
  readonly associableTypes: Input<string[]>
}

/** A category of tags. The vendor’s token and property names, so that the vendor’s plugin serves it. */
export class VsphereTagCategory extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('vsphere:index/tagCategory:TagCategory', name, { ...inputs }, options)
  }
}
