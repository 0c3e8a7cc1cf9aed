/** The engine this checkout is written for: of `@pulumi/pulumi`'s version. From 3.249.0 on, Node 22 is needed. Source: design §7. */
export const engineVersion = '3.245.0'

const parse = (text: string): readonly [number, number, number] | undefined => {
  const found = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text.trim())
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3])]
}

/** Whether a CLI that calls itself `found`, e.g. `v3.250.1`, can run what is written for `wanted`: same major, not older. */
export const isCompatibleEngine = (found: string, wanted: string = engineVersion): boolean => {
  const [major, minor, patch] = parse(found) ?? [-1, 0, 0]
  const [wantedMajor, wantedMinor, wantedPatch] = parse(wanted) ?? [0, 0, 0]
  if (major !== wantedMajor) return false
  return minor === wantedMinor ? patch >= wantedPatch : minor > wantedMinor
}
