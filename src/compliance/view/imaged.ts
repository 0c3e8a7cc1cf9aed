import { type ImageReference, parseImageReference } from '../image-reference.ts'
import type { ServiceView } from './service-view.ts'

/** A service with an image, and the parts of its reference where it is one. */
export interface Imaged {
  readonly service: ServiceView
  readonly image: string
  readonly reference: ImageReference | undefined
}

/** The service with its image; empty where it names none. */
export const imaged = (service: ServiceView): Imaged[] =>
  service.image === undefined
    ? []
    : [{ service, image: service.image, reference: parseImageReference(service.image) }]

/** Each image once, at the first service that runs it. */
export const onceEach = ({ services }: { readonly services: readonly ServiceView[] }): readonly Imaged[] => {
  const seen = new Map<string, Imaged>()
  for (const one of services.flatMap(imaged)) if (!seen.has(one.image)) seen.set(one.image, one)
  return [...seen.values()]
}
