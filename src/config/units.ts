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

/** Bytes in the largest unit that makes a whole number, with `space` before it: `1MiB`, as `parseBytes` takes it. */
export function formatBytes(bytes: number, space = ''): string {
  const [unit, factor] = Object.entries(BYTES).findLast(([, factor]) => bytes > 0 && bytes % factor === 0) ?? ['', 1];
  return `${bytes / factor}${unit && space}${unit}`;
}

function quantity(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, digits = '', unit = ''] = /^(\d{1,15})([A-Za-z]*)$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  return digits === '' || factor === undefined ? null : Number(digits) * factor;
}
