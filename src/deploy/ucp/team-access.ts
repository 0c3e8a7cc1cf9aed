import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly namespace: Input<string>
  readonly repository: Input<string>
  readonly team: Input<string>
  readonly accessLevel: Input<string>
}

/** What a team may do in a repository. Import id: `namespace/repository:team`. Served by the `ucp` plugin. */
export class UcpTeamAccess extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:registry:TeamAccess', name, { ...inputs }, options)
  }
}
