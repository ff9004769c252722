let made = 0;

/** A name that no other test of this file uses. */
export function fresh(prefix = 'id'): string {
  return `${prefix}-${++made}`;
}
