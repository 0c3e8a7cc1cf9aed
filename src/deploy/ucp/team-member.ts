import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  readonly organization: Input<string>
  readonly team: Input<string>
  readonly user: Input<string>
  readonly isAdmin?: Input<boolean>
}

/** A user in a team. Import id: `organization/team/user`. Served by the `ucp` plugin. */
export class UcpTeamMember extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:TeamMember', name, { ...inputs }, options)
  }
}
