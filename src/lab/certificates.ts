import 'reflect-metadata'
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string
  /** PKCS #8. */
  readonly key: string
  /** The public key, SubjectPublicKeyInfo in PEM. */
  readonly publicKey: string
}

/** An authority of the lab; it lives as long as its process and signs nothing else. */
export interface Authority {
  /** PEM of its own certificate. */
  readonly certificate: string
  /** For a server on loopback: 127.0.0.1 and localhost. */
  readonly issueServer: (commonName: string) => Promise<KeyPair>
  /** For a client; the common name says who. */
  readonly issueClient: (commonName: string) => Promise<KeyPair>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const oneDayMilliseconds = 24 * 3600 * 1000
/** Longer than any lab runs. */
const validDays = 365

const loopback: JsonGeneralName[] = [
  { type: 'ip', value: '127.0.0.1' },
  { type: 'dns', value: 'localhost' },
]

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

const pem = (label: string, der: ArrayBuffer): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Positive and 16 bytes long (RFC 5280 §4.1.2.2). */
const serialNumber = (): string => {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

const validity = (): { notBefore: Date; notAfter: Date } => ({
  notBefore: new Date(Date.now() - oneDayMilliseconds),
  notAfter: new Date(Date.now() + validDays * oneDayMilliseconds),
})

/** Quoted as RFC 4514 wants it, so that a name cannot add parts to the subject. */
const subjectOf = (commonName: string): string => `CN=${commonName.replace(/[\\",+<>;=#]/g, '\\$&')}`

/** A new authority with an EC key. */
export const createAuthority = async (commonName: string): Promise<Authority> => {
  cryptoProvider.set(webcrypto)
  const keys = await newKeys()
  const own = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subjectOf(commonName),
    ...validity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
  const issue = issuer(own, keys.privateKey)
  return {
    certificate: own.toString('pem'),
    issueServer: (name) => issue(name, ExtendedKeyUsage.serverAuth, loopback),
    issueClient: (name) => issue(name, ExtendedKeyUsage.clientAuth, []),
  }
}

const issuer =
  (authority: X509Certificate, signingKey: webcrypto.CryptoKey) =>
  async (commonName: string, usage: ExtendedKeyUsage, names: JsonGeneralName[]): Promise<KeyPair> => {
    const keys = await newKeys()
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: subjectOf(commonName),
      issuer: authority.subject,
      ...validity(),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    })
    return {
      certificate: certificate.toString('pem'),
      key: pem('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
      publicKey: pem('PUBLIC KEY', await webcrypto.subtle.exportKey('spki', keys.publicKey)),
    }
  }

/** The id of a public key: SHA-256 of its DER form in hex, 64 digits (reference §1.4). Never throws. */
export const publicKeyId = (der: Uint8Array): string => createHash('sha256').update(der).digest('hex')
