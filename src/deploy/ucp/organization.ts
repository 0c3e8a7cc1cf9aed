import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly name: Input<string>
  readonly fullName: Input<string>
}

/** An organization account. Import id: its name. Served by the `ucp` plugin. */
export class UcpOrganization extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:Organization', name, { ...inputs }, options)
  }
}
