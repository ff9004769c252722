/** Room for the marker, with the longest number there is. */
const MAX_MARKER_BYTES = 40;

/**
 * The text itself when it fits in `maxBytes` of UTF-8; otherwise its beginning, cut at a code point, and a marker that
 * says how much is gone. With the marker it fits, so that the server does not cut it once more.
 */
export function cutText(text: string, maxBytes: number): string {
  // One UTF-16 unit makes at most three bytes: most texts need no counting.
  if (text.length * 3 <= maxBytes) return text;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes - MAX_MARKER_BYTES;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}\n[cut: ${bytes.length - end} more bytes]`;
}
