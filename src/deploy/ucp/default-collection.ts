import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly user: Input<string>
  readonly collection: Input<string>
}

/** Where a user’s unlabelled resources go. Import id: the user. Served by the `ucp` plugin. */
export class UcpDefaultCollection extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:DefaultCollection', name, { ...inputs }, options)
  }
}
