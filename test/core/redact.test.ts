import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut, redact } from '../../src/core/redact.ts'

describe('redact', () => {
  test('blanks secrets out, the longest first, and leaves short ones', () => {
    expect(redact('user secret-long and secret, on', ['secret', 'secret-long', 'on'])).toBe(
      'user [secret] and [secret], on',
    )
  })

  const password = 'p&"s\\wörd/+ 1?'
  test.each([
    ['JSON', JSON.stringify({ password })],
    ['a URL', `/x?password=${encodeURIComponent(password)}`],
    ['hex', Buffer.from(password).toString('hex')],
    ['base64', Buffer.from(password).toString('base64')],
    ['basic credentials', Buffer.from(`svc:${password}`).toString('base64')],
    [
      'a JSON object in base64url',
      Buffer.from(JSON.stringify({ a: password.slice(4) })).toString('base64url'),
    ],
  ])('finds one inside %s', (_, text) => {
    const clean = redact(`said: ${text}.`, [password, password.slice(4)])
    expect(clean).toContain('[secret]')
    expect(clean).not.toContain(text)
  })

  test('finds a password among mount options', () => {
    const options = 'addr=10.0.0.1,username=svc,password=hunter22,vers=3.1.1'
    expect(redact('mount: bad password hunter22 for svc', [options])).toBe(
      'mount: bad password [secret] for svc',
    )
  })

  test('finds the body of a PEM without its line breaks', () => {
    const pem = `-----BEGIN KEY-----\n${'A1b2'.repeat(16)}\n${'C3d4'.repeat(10)}\n-----END KEY-----\n`
    expect(redact(`key ${pem.replaceAll('\n', '')}`, [pem])).not.toMatch(/A1b2|C3d4/)
  })

  test('finds the beginning of one where a text was cut', () => {
    expect(redact(`${cut('the token abcdefghij', 16)} (at x)`, ['abcdefghij'])).toBe(
      'the token [secret]… (at x)',
    )
  })

  test('leaves no trace of any secret in any text around it', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9+/]{8,40}$/)
    fc.assert(
      fc.property(word, fc.string(), fc.string(), (secret, before, after) => {
        const texts = [secret, Buffer.from(`${before}${secret}${after}`).toString('base64')]
        for (const text of texts) {
          const clean = redact(text, [secret])
          expect(clean).not.toContain(secret)
          expect(Buffer.from(clean, 'base64').toString()).not.toContain(secret)
        }
      }),
    )
  })
})
