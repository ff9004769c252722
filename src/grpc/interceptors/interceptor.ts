import type { Metadata } from '@grpc/grpc-js';

/** What calls of all kinds have. */
export interface Call {
  readonly metadata: Metadata;
  /** `/package.Service/Method`. */
  getPath(): string;
}

/**
 * Stands around every call of a service, be it unary or a stream. `next` runs what is further in: the other
 * interceptors, then the handler. Its promise settles when the call is over, a stream's too, and what it rejects with
 * is what the call ends with. `next` may also throw, so one that looks at errors awaits it within `try`. It must be
 * called before anything is awaited: only then does a handler listen for a caller that goes away.
 */
export type Interceptor = <T>(call: Call, next: () => Promise<T>) => Promise<T>;

/** Several interceptors as one; the first is the outermost. */
export function inOrder(interceptors: readonly Interceptor[]): Interceptor {
  return (call, handle) =>
    interceptors.reduceRight<typeof handle>((next, interceptor) => () => interceptor(call, next), handle)();
}
