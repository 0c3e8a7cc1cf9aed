/** A zstd frame made by hand: raw and repeated blocks only. Source: RFC 8878 §3.1.1. */
export const zstdFrame = (
  blocks: readonly { readonly raw?: Buffer; readonly repeat?: number }[],
  window = 0x58,
): Buffer => {
  const parts = blocks.map(({ raw, repeat = 0 }, at) => {
    const last = at === blocks.length - 1 ? 1 : 0
    const head = Buffer.alloc(3)
    head.writeUIntLE(last | ((raw === undefined ? 1 : 0) << 1) | ((raw?.length ?? repeat) << 3), 0, 3)
    return Buffer.concat([head, raw ?? Buffer.from('z')])
  })
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]), ...parts])
}
