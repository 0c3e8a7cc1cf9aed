import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly namespace: Input<string>
  readonly name: Input<string>
  readonly shortDescription?: Input<string>
  readonly visibility?: Input<string>
  readonly scanOnPush: Input<boolean>
  readonly immutableTags: Input<boolean>
  readonly tagLimit?: Input<number>
}

/** An image repository. Import id: `namespace/name`. Served by the `ucp` plugin. */
export class UcpRepository extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:registry:Repository', name, { ...inputs }, options)
  }
}
