import { expect, test } from 'vitest'
import { messageOf } from '../../src/clients/http.ts'

test.each([
  ['{"message":"no such node"}', 'no such node'],
  ['{"code":"X","message":"bad"}', 'bad'],
  ['{"errors":[{"code":"A","message":"one"},{"code":"B","message":"two"}]}', 'A: one; B: two'],
  ['{"errors":["permission denied"]}', 'permission denied'],
  ['  plain text \n', 'plain text'],
  ['', ''],
  ['[1]', '[1]'],
])('the sentence in %s is %s', (text, message) => {
  expect(messageOf(text)).toBe(message)
})
