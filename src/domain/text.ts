/** UTF-8 bytes of a text. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** The beginning of a text that fits in `maxBytes` of UTF-8, cut at a code point. */
export function firstBytes(text: string, maxBytes: number): string {
  // One UTF-16 unit makes at most three bytes: most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** The first `max` characters (code points) of a text. */
export function firstCharacters(text: string, max: number): string {
  if (text.length <= max) return text;
  // `max` characters take at most twice as many UTF-16 units. A character that this cuts in two comes after them.
  return [...text.slice(0, 2 * max)].slice(0, max).join('');
}

/**
 * The text itself when it fits in `maxBytes` of UTF-8; otherwise its beginning, cut at a code point, and a marker that
 * says how much is gone. The marker comes on top of `maxBytes`.
 */
export function cutText(text: string, maxBytes: number): string {
  const kept = firstBytes(text, maxBytes);
  return kept === text ? text : `${kept}\n[cut: ${byteLength(text) - byteLength(kept)} more bytes]`;
}
