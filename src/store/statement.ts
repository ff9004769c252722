/** SQL whose values are all parameters. */
export interface Statement {
  text: string;
  values: readonly unknown[];
  /** The text is one of a few, and used often: a connection may keep it prepared. */
  prepared?: boolean;
}

/** `?, ?, ?` */
export function placeholders(count: number): string {
  return `?${', ?'.repeat(count - 1)}`;
}
