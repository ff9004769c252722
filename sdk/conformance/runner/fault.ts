import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '@taskresults/protocol/google/rpc/error_details';
import { Status } from '@taskresults/protocol/google/rpc/status';

/** What a call is answered with in place of the server. One of `code`, `rst`, `goaway` and `silence` is given. */
export interface Fault {
  /** The name of a gRPC code. */
  code?: keyof typeof status;
  /** With `code`: said in an ErrorInfo, as only the server does it. */
  reason?: string;
  /** With `code`: said in a RetryInfo. */
  retry_after_ms?: number;
  /** The stream is reset with the HTTP/2 error of this name. */
  rst?: string;
  /** The connection is given up with the HTTP/2 error of this name. */
  goaway?: string;
  /** There is no answer at all. */
  silence?: true;
}

/** The number of an HTTP/2 error, such as `CANCEL`. */
export function http2Code(name: string): number {
  const code = (constants as unknown as Record<string, number>)[`NGHTTP2_${name}`];
  if (code === undefined) throw new Error(`HTTP/2 has no error ${name}`);
  return code;
}

/** The status of a call, as gRPC writes it into the trailers of HTTP/2. */
export function faultTrailers({ code: name, reason, retry_after_ms: retryAfterMs }: Fault): OutgoingHttpHeaders {
  const code = name === undefined ? undefined : status[name];
  if (code === undefined) throw new Error(`gRPC has no code ${name}`);
  const message = 'so says the proxy';
  const details = [];
  if (reason !== undefined) {
    const info = ErrorInfo.fromPartial({ reason, domain: 'taskresults.v1' });
    details.push(any('ErrorInfo', ErrorInfo.encode(info).finish()));
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1_000)), nanos: (retryAfterMs % 1_000) * 1_000_000 };
    details.push(any('RetryInfo', RetryInfo.encode(RetryInfo.fromPartial({ retryDelay })).finish()));
  }
  const trailers: OutgoingHttpHeaders = { 'grpc-status': String(code), 'grpc-message': message };
  if (details.length > 0) {
    const packed = Status.encode(Status.fromPartial({ code, message, details })).finish();
    trailers['grpc-status-details-bin'] = Buffer.from(packed).toString('base64');
  }
  return trailers;
}

function any(type: string, value: Uint8Array) {
  return { typeUrl: `type.googleapis.com/google.rpc.${type}`, value: Buffer.from(value) };
}
