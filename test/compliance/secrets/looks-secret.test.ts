import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isSecretName,
  secretForm,
  secretValue,
  withoutSecretForms,
} from '../../../src/compliance/secrets/looks-secret.ts'

describe('names of secrets', () => {
  it.each([
    'DB_PASSWORD',
    'dbPassword',
    'spring.datasource.password',
    'API_KEY',
    'apiKey',
    'X-Auth-Token',
    'MYSQL_PWD',
    'CLIENT_SECRET',
    'PGPASSWORD',
    'aws_secret_access_key',
    'keystorepassword',
  ])('%s', (name) => {
    expect(isSecretName(name)).toBe(true)
  })

  it.each([
    'DB_PASSWORD_FILE',
    'TOKEN_TTL',
    'PASSWORD_MIN_LENGTH',
    'SECRET_NAME',
    'KEY',
    'MONKEY',
    'COMPASS',
    'TOKENIZER',
    'API_URL',
    'PASSWORD_ENCODER',
    'keyboard',
  ])('none of %s', (name) => {
    expect(isSecretName(name)).toBe(false)
  })
})

describe('forms of secrets', () => {
  const jwt = `eyJ${'a'.repeat(10)}.eyJ${'b'.repeat(10)}.${'c'.repeat(10)}`
  it.each([
    ['-----BEGIN EC PRIVATE KEY-----'],
    [`ghp_${'a'.repeat(36)}`],
    [`glpat-${'a'.repeat(20)}`],
    [`hvs.${'a'.repeat(24)}`],
    [jwt],
    ['https://user:pass@host/x'],
    ['redis://:pass@host'],
    ['Server=x;Pwd=hunter2'],
    [`docker swarm join --token SWMTKN-1-${'a'.repeat(49)}`],
  ])('%s', (text) => {
    expect(secretForm(`before ${text} after`)).toBeDefined()
    expect(secretForm(withoutSecretForms(`before ${text} after`))).toBeUndefined()
  })

  it.each([
    'https://host:8080/x@y',
    'user@host',
    'postgres://user@db/x',
    `postgres://user:${'$'}{PASSWORD}@db`,
    `password=${'$'}{PASSWORD}`,
    'ratio 1:2',
    '-----BEGIN CERTIFICATE-----',
  ])('none in %s', (text) => {
    expect(secretForm(text)).toBeUndefined()
  })

  it('are told in words that do not hold them', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9]{8,40}$/), (value) => {
        const words = secretValue('DB_PASSWORD', value)
        if (words !== undefined) expect(words).not.toContain(value)
      }),
    )
  })

  it('are looked for in time that grows with the text alone', () => {
    for (const part of ['a:', '://', 'eyJ', '-----BEGIN ', 'password=', 'Basic ', 'x@', '.'])
      expect(() => [secretForm(part.repeat(100_000)), withoutSecretForms(part.repeat(5000))]).not.toThrow()
  })
})
