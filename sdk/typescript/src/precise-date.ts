/** A Date that also knows its microseconds. Whatever takes a Date takes it; `toISOString` and JSON show all six digits. */
export class PreciseDate extends Date {
  /** 0 to 999: what the time has beyond its millisecond. */
  readonly #beyondMs: number;

  private constructor(ms: number, beyondMs: number) {
    super(ms);
    this.#beyondMs = beyondMs;
  }

  /** `micros`: microseconds since 1970, as a whole number. */
  static fromEpochMicroseconds(micros: number): PreciseDate {
    const ms = Math.floor(micros / 1_000);
    return new PreciseDate(ms, micros - ms * 1_000);
  }

  /** `2026-01-31T12:00:00.123456Z`, or with another offset than `Z`. Digits beyond the sixth are cut. */
  static fromISOString(text: string): PreciseDate {
    const [, seconds = '', fraction = '', zone = ''] =
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
    const ms = Date.parse(seconds + zone);
    // Date.parse takes 30 February for 1 March.
    const exists = !Number.isNaN(ms) && new Date(`${seconds}Z`).toISOString().startsWith(seconds);
    if (!exists) throw new RangeError(`not a time: ${text}`);
    return PreciseDate.fromEpochMicroseconds(ms * 1_000 + Number(fraction.slice(0, 6).padEnd(6, '0')));
  }

  /** Microseconds since 1970: exact until the year 2255. */
  get epochMicroseconds(): number {
    return this.getTime() * 1_000 + this.#beyondMs;
  }

  /** RFC 3339 in UTC, with six digits of a second. */
  override toISOString(): string {
    return `${super.toISOString().slice(0, -1)}${String(this.#beyondMs).padStart(3, '0')}Z`;
  }
}
