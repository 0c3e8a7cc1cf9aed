import { CustomResource, type CustomResourceOptions, type Input } from '@pulumi/pulumi'

interface Arguments {
  /** `team:<org>/<team>`, `organization:<org>` or `user:<name>`. */
  readonly subject: Input<string>
  /** Name, or the id of a built-in role. */
  readonly role: Input<string>
  readonly collection: Input<string>
}

/** A role for a subject on a collection. Import id: `subject:role:collection`. Served by the `ucp` plugin. */
export class UcpGrant extends CustomResource {
  constructor(name: string, inputs: Arguments, options: CustomResourceOptions) {
    super('ucp:index:Grant', name, { ...inputs }, options)
  }
}
