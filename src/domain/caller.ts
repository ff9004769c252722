/** Who waits for the outcome of a call, as far as the work for it depends on that. */
export interface Caller {
  /** The connection that it calls on. Calls of one connection share what one client may have of the service. */
  readonly connection: string;
  /**
   * Nobody reads the answer any more: the caller has cancelled, or its time is over. To be asked before work is begun,
   * and again before it is repeated.
   */
  readonly isGone: boolean;
}

/** The service itself, which waits for as long as it takes. */
export const ITSELF: Caller = { connection: '', isGone: false };
