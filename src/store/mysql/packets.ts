import type { Statement } from '../statement';

/** What is sent to the server at once. */
export interface Packet {
  text: string;
  values: unknown[];
  /**
   * For each of its statements, whether it is the first part of a given one, whose result is the result of that one.
   */
  firsts: boolean[];
}

/** What the protocol puts before the text. */
const RESERVED_BYTES = 1024;

/** Length of a number or NULL. */
const MAX_PLAIN_BYTES = 32;

const SEPARATOR = '; ';

/**
 * Statements in as few packets as hold them, of up to `maxBytes` each. Mostly that is one, which is seen without
 * looking at the texts. `format` puts values into a text.
 */
export function inPackets(
  statements: readonly Statement[],
  maxBytes: number,
  format: (text: string, values: readonly unknown[]) => string,
): Packet[] {
  const budget = maxBytes - RESERVED_BYTES;
  const text = statements.map((statement) => statement.text).join(SEPARATOR);
  const values = concatenated(statements);
  if (text.length + maxBytesOf(values) <= budget) return [{ text, values, firsts: statements.map(() => true) }];

  const packets: Packet[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const statement of statements) {
    for (const [i, part] of parts(statement, budget, format).entries()) {
      const partBytes = Buffer.byteLength(part);
      bytes += SEPARATOR.length + partBytes;
      const last = packets.at(-1);
      if (last && bytes <= budget) {
        last.text += SEPARATOR + part;
        last.firsts.push(i === 0);
      } else {
        packets.push({ text: part, values: [], firsts: [i === 0] });
        bytes = partBytes;
      }
    }
  }
  return packets;
}

/** A statement with its values: in several parts if it might be too long and can be divided. */
function parts(
  statement: Statement,
  budget: number,
  format: (text: string, values: readonly unknown[]) => string,
): string[] {
  const { text, values, halves } = statement;
  // Dividing what would have fitted costs less than putting the values in twice.
  if (halves && text.length + maxBytesOf(values) > budget)
    return halves().flatMap((half) => parts(half, budget, format));
  return [format(text, values)];
}

/** What values may take at most: up to three bytes for each UTF-16 unit, however it is escaped, and quotes. */
function maxBytesOf(values: readonly unknown[]): number {
  let bytes = 0;
  for (const value of values) bytes += typeof value === 'string' ? 2 + 3 * value.length : MAX_PLAIN_BYTES;
  return bytes;
}

/** The values of all statements. A loop, since `flatMap` takes several times as long for thousands of values. */
function concatenated(statements: readonly Statement[]): unknown[] {
  const all: unknown[] = [];
  for (const { values } of statements) for (const value of values) all.push(value);
  return all;
}
