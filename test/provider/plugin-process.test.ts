import { expect, test } from 'vitest'
import { engineAddressOf } from '../../src/provider/server.ts'
import { typeOfUrn } from '../../src/provider/service.ts'

test.each([
  [['127.0.0.1:4000'], '127.0.0.1:4000'],
  [['--logtostderr', '-v=9', '127.0.0.1:4000'], '127.0.0.1:4000'],
  [['--tracing', 'file:./trace', '127.0.0.1:4000'], '127.0.0.1:4000'],
  [['--logtostderr'], undefined],
  [[], undefined],
])('the engine’s address among %j is %s', (args, address) => {
  expect(engineAddressOf(args)).toBe(address)
})

test.each([
  ['urn:pulumi:dev::p::ucp:index:Team::developers', 'ucp:index:Team'],
  ['urn:pulumi:dev::p::a:b:C$d:e:F$ucp:index:Team::x', 'ucp:index:Team'],
  ['urn:pulumi:dev::p::ucp:index:Team::a::b', 'ucp:index:Team'],
  ['ucp:index:Team', undefined],
])('the type in %s is %s', (urn, type) => {
  expect(typeOfUrn(urn)).toBe(type)
})
