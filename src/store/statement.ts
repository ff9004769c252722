/** SQL whose values are all parameters. */
export interface Statement {
  text: string;
  values: readonly unknown[];
  /** The text is one of a few that are used often: a connection may keep it prepared. */
  prepared?: boolean;
  /** It may read many rows, and has more time than others. */
  scans?: boolean;
  /** The same in two statements, for when this one is too long. Undefined: it cannot be divided. */
  halves?: () => readonly [Statement, Statement];
}

/** `?, ?, ?` */
export function placeholders(count: number): string {
  return `?${', ?'.repeat(count - 1)}`;
}
