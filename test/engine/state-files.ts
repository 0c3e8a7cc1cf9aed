import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { digestOf } from '../../src/engine/state-copy.ts'

/** A secret as the engine keeps one: encrypted, and yet nothing to be shown. */
export const cipher = 'v1:q9cT0nG8yQxvW1kd:2bX7Zr0pL4mYt6sQe8uIoPaSdFgHjKlZ'

/** A checkpoint as the engine writes one, with so many resources. */
export const checkpoint = (resources: number, time: string): string =>
  JSON.stringify({
    version: 3,
    checkpoint: {
      stack: 'organization/tenantry/nonprod.acme',
      latest: {
        manifest: { time, magic: 'abc', version: 'v3.245.0' },
        secrets_providers: { type: 'passphrase', state: { salt: 'v1:abc' } },
        resources: Array.from({ length: resources }, (_, index) => ({
          urn: `urn:pulumi:nonprod.acme::tenantry::ucp:index:Team::team/ä-${index}`,
          custom: true,
          id: `acme/team-${index}`,
          type: 'ucp:index:Team',
          outputs: { password: { '4dabf18193072939515e22adb298388d': '1b47', ciphertext: cipher } },
        })),
        metadata: {},
      },
    },
  })

/** The engine's attributes beside a file. */
export const attributesFor = (text: string | Buffer): string =>
  `${JSON.stringify({ 'user.content_type': 'text/plain; charset=utf-8', 'user.metadata': null, md5: digestOf(Buffer.from(text)) })}\n`

/** Writes a file as the file back end does, with its attributes beside it. */
export const put = async (
  path: string,
  text: string | Buffer,
  promised: string | Buffer = text,
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  await writeFile(`${path}.attrs`, attributesFor(promised))
}
