/** Where in an image something stands. */
export interface ImagePlace {
  /** E.g. `layer 3 (sha256:…)`, `manifest.json`. */
  readonly part?: string
  /** Path of an entry, as the image has it. */
  readonly entry?: string
  /** Bytes from the start of the uncompressed part. */
  readonly offsetBytes?: number
}

/** Why an image, or a part of one, is not read. */
export type RefusalCode =
  | 'image/tar'
  | 'image/truncated'
  | 'image/compression'
  | 'image/too-large'
  | 'image/digest'
  | 'image/manifest'
  | 'image/configuration'
  | 'image/missing-part'
  | 'image/reference'

const placed = ({ part, entry, offsetBytes }: ImagePlace): string =>
  [
    part,
    entry === undefined ? undefined : `entry ${JSON.stringify(entry)}`,
    offsetBytes === undefined ? undefined : `byte ${offsetBytes}`,
  ]
    .filter((one) => one !== undefined)
    .join(', ')

/**
 * An image that is broken or hostile: expected, caught where a part's reading begins, told as a gap or an issue; never a bug
 * and never a remote system's failure.
 */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly place: ImagePlace
  /** The sentence without its place. */
  readonly sentence: string

  constructor(code: RefusalCode, sentence: string, place: ImagePlace = {}) {
    const where = placed(place)
    super(where === '' ? sentence : `${where}: ${sentence}`)
    this.name = 'Refusal'
    this.code = code
    this.place = place
    this.sentence = sentence
  }

  /** The same, with what is known further out. */
  within(outer: ImagePlace): Refusal {
    return new Refusal(this.code, this.sentence, { ...outer, ...this.place })
  }
}
