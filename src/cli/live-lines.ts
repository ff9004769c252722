import type { WriteStream } from 'node:tty';

/** Of a terminal that does not know its size. */
const LEAST_ROWS = 24;
const UP = (lines: number) => (lines > 0 ? `\x1b[${lines}A` : '');
const CLEAR_BELOW = '\r\x1b[J';
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';

/** Lines on a terminal that are drawn again in place. */
export class LiveLines {
  #drawn = 0;

  constructor(private readonly terminal: WriteStream) {}

  draw(lines: readonly string[]): void {
    // A line that wraps takes two rows, and what has scrolled off the top cannot be drawn again.
    const rows = lines.slice(0, (this.terminal.rows || LEAST_ROWS) - 1);
    this.terminal.write(`${UP(this.#drawn)}${CLEAR_BELOW}${WRAP_OFF}${rows.join('\n')}\n${WRAP_ON}`);
    this.#drawn = rows.length;
  }
}
