import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { printable } from '../../src/core/printable.ts'

describe('a text of anybody', () => {
  it('is written out where it would act or hide', () => {
    expect(printable('a\n\u001b[31mb\u202ec\ud800')).toBe('a\\u{a}\\u{1b}[31mb\\u{202e}c\\u{d800}')
  })

  it('stays as it is where nothing of it does', () => {
    expect(printable('tenants/zürich 🙂.ts')).toBe('tenants/zürich 🙂.ts')
  })

  it('is one line that no terminal acts on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
})
