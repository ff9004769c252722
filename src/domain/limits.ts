/** How much a caller may ask for. Lengths are in characters (Unicode code points), sizes in bytes of UTF-8. */
export interface Limits {
  /** Of each of `args_json`, `kwargs_json` and `return_value_json`. More is refused. */
  readonly jsonBytes: number;
  /** Of a traceback. More is cut, and marked. */
  readonly tracebackBytes: number;
  /** Of a `worker_id`. */
  readonly workerIdLength: number;
  /** Of a whole message that comes in. */
  readonly messageBytes: number;
  /** Watches open at a time. */
  readonly watches: number;
  /** Ids in all open watches together. */
  readonly watchedIds: number;
}
