const BYTES = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;
const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `1048576`, `512KiB`, `1MiB` → bytes; null for anything else. */
export function parseBytes(text: string): number | null {
  return quantity(text, BYTES);
}

/** `250ms`, `30s`, `15m`, `12h`, `30d` → milliseconds; null for anything else. */
export function parseDuration(text: string): number | null {
  return quantity(text, MILLISECONDS);
}

/** Bytes in the greatest unit that makes a whole number: `1MiB`, as `parseBytes` takes it. */
export function formatBytes(bytes: number): string {
  const [unit, factor] = Object.entries(BYTES).findLast(([, factor]) => bytes > 0 && bytes % factor === 0) ?? ['', 1];
  return `${bytes / factor}${unit}`;
}

/** The same for running text: `1 MiB`. */
export function spacedBytes(bytes: number): string {
  return formatBytes(bytes).replace(/(\d)(?=[A-Z])/, '$1 ');
}

/** Microseconds in the greatest unit that makes a whole number, for running text: `7 days`, `60 s`, `1 ms`. */
export function formatDuration(micros: number): string {
  const days = micros / (1_000 * MILLISECONDS.d);
  if (Number.isInteger(days)) return `${days} ${days === 1 ? 'day' : 'days'}`;
  const seconds = micros / (1_000 * MILLISECONDS.s);
  return Number.isInteger(seconds) ? `${seconds} s` : `${micros / 1_000} ms`;
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, digits = '', unit = ''] = /^(\d{1,15})([A-Za-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return digits === '' || factor === undefined ? null : Number(digits) * factor;
}
