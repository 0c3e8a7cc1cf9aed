import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly required: Input<boolean>
  /** Teams as `organization/team`. */
  readonly signers: Input<string[]>
}

/** Which images may run. One a cluster; import id: `content-trust`. Served by the `ucp` plugin. */
export class UcpContentTrust extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:ContentTrust', name, { ...inputs }, options)
  }
}
