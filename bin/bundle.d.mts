/** The checkout's folder, absolute. */
export declare const root: string

/** The path of a bundle of `src/<entry>.ts` that is as new as the sources; made unless it is there. */
export declare const ensureBundle: (entry: string) => Promise<string>
