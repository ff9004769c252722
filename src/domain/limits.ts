/** How much a caller may ask for. Lengths are in characters (Unicode code points), sizes in bytes of UTF-8. */
export interface Limits {
  /** Size of each of `args_json`, `kwargs_json` and `return_value_json`. More is refused. */
  readonly jsonBytes: number;
  /** Size of a traceback. More is cut, and marked. */
  readonly tracebackBytes: number;
  /** Length of a `worker_id`. */
  readonly workerIdLength: number;
  /** Size of a whole incoming message. */
  readonly messageBytes: number;
  /** Watches open at a time. */
  readonly watches: number;
  /** Ids in all open watches together. */
  readonly watchedIds: number;
}

/** Size of an error's message. More is cut, and marked. */
export const MAX_ERROR_MESSAGE_BYTES = 64 * 1024;

/** Size of the names of a result or of an error, and of the marks of what was cut. */
const MAX_NAMES_BYTES = 8 * 1024;

/** The longest texts that one row of a store holds together: the arguments of a result, or what an error says. */
export function maxRowBytes({ jsonBytes, tracebackBytes }: Limits): number {
  return Math.max(2 * jsonBytes, tracebackBytes + MAX_ERROR_MESSAGE_BYTES) + MAX_NAMES_BYTES;
}
