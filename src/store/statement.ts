/** SQL whose values are all parameters. */
export interface Statement {
  text: string;
  values: readonly unknown[];
}

/** `?, ?, ?` */
export function placeholders(count: number): string {
  return `?${', ?'.repeat(count - 1)}`;
}
