// What a program needs of `@pulumi/pulumi/runtime`; see pulumi-core.cjs.
module.exports = {
  ...require('@pulumi/pulumi/runtime/config'),
  ...require('@pulumi/pulumi/runtime/invoke'),
  ...require('@pulumi/pulumi/runtime/settings'),
}
