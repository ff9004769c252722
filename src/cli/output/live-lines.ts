import type { WriteStream } from 'node:tty';

/** The height of a terminal that does not know its own. */
const DEFAULT_ROWS = 24;
const UP = (lines: number) => (lines > 0 ? `\x1b[${lines}A` : '');
const CLEAR_BELOW = '\r\x1b[J';
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';

/** Lines on a terminal that are drawn again in place. */
export class LiveLines {
  #drawn = 0;

  constructor(private readonly terminal: WriteStream) {}

  /** How many lines can be drawn: what has scrolled off the top cannot be drawn again. */
  get height(): number {
    return (this.terminal.rows || DEFAULT_ROWS) - 1;
  }

  draw(lines: readonly string[]): void {
    // A line that wraps would take two rows.
    const rows = lines.slice(0, this.height);
    this.terminal.write(`${UP(this.#drawn)}${CLEAR_BELOW}${WRAP_OFF}${rows.join('\n')}\n${WRAP_ON}`);
    this.#drawn = rows.length;
  }
}
