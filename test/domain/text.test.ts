import fc from 'fast-check';
import { byteLength, cutText, firstBytes, firstCharacters } from '../../src/domain/text';

describe('cutText', () => {
  test.each([
    ['what fits is left alone', 'abc', 3, 'abc'],
    ['bytes count, not characters', 'éé', 4, 'éé'],
    ['what does not fit is cut and marked', 'abcdef', 4, 'abcd\n[cut: 2 more bytes]'],
    ['the cut falls before a character of 2 bytes', 'aé', 2, 'a\n[cut: 2 more bytes]'],
    ['the cut falls before a character of 4 bytes', 'a😀b', 4, 'a\n[cut: 5 more bytes]'],
    ['nothing fits', '😀', 3, '\n[cut: 4 more bytes]'],
    ['no room at all', 'abc', 0, '\n[cut: 3 more bytes]'],
    ['nothing to cut', '', 0, ''],
  ])('%s', (_what, text, maxBytes, expected) => {
    expect(cutText(text, maxBytes)).toBe(expected);
  });

  test('keeps the longest beginning that fits, and says how much is gone', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\0'), maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.nat(100), (text, maxBytes) => {
        const cut = cutText(text, maxBytes);
        if (byteLength(text) <= maxBytes) return expect(cut).toBe(text);
        const [, kept = '', gone] = /^([\s\S]*)\n\[cut: (\d+) more bytes\]$/.exec(cut) ?? [];
        expect(text.startsWith(kept)).toBe(true);
        expect(byteLength(kept) + Number(gone)).toBe(byteLength(text));
        const next = String.fromCodePoint(text.codePointAt(kept.length) as number);
        expect(byteLength(kept)).toBeLessThanOrEqual(maxBytes);
        expect(byteLength(kept + next)).toBeGreaterThan(maxBytes);
      }),
    );
  });
});

describe('the beginning of a text', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\0'), maxLength: 40 });

  test.each([
    ['abc', 3, 'abc'],
    ['abc', 2, 'ab'],
    ['a😀b', 2, 'a😀'],
    ['😀😀😀', 2, '😀😀'],
    ['a😀😀', 2, 'a😀'],
    ['😀', 0, ''],
  ])('%p has %d characters: %p', (text, max, expected) => {
    expect(firstCharacters(text, max)).toBe(expected);
  });

  test('in characters never cuts one in two', () => {
    fc.assert(
      fc.property(texts, fc.nat(50), (text, max) => {
        expect(firstCharacters(text, max)).toBe(Array.from(text).slice(0, max).join(''));
      }),
    );
  });

  test('in bytes is the longest that fits, and cuts no character in two', () => {
    fc.assert(
      fc.property(texts, fc.nat(100), (text, maxBytes) => {
        let expected = '';
        for (const character of text) {
          if (byteLength(expected + character) > maxBytes) break;
          expected += character;
        }
        expect(firstBytes(text, maxBytes)).toBe(expected);
      }),
    );
  });
});
