import { constants, type ServerHttp2Stream } from 'node:http2';
import { Metadata, type ServiceError } from '@grpc/grpc-js';

/** How a call ends that nothing else has seen. */
export type Refusal = Pick<ServiceError, 'code' | 'details'> & { metadata?: Metadata };

/** How long frames that wait for a caller to read are waited for, before another look. */
const UNSENT_MS = 1_000;

/** Answers a call with a status alone, and takes nothing more of it. */
export function refuse(stream: ServerHttp2Stream, { code, details, metadata = new Metadata() }: Refusal): void {
  if (stream.destroyed || stream.closed) return;
  stream.on('error', () => {}); // the caller may have gone
  const status = {
    ':status': constants.HTTP_STATUS_OK,
    'content-type': 'application/grpc+proto',
    'grpc-status': code,
    'grpc-message': encodeURI(details),
  };
  stream.respond({ ...status, ...metadata.toHttp2Headers() }, { endStream: true });
  stream.resume(); // what comes is thrown away
  closeOnceSent(stream);
}

/** A caller that has not sent all yet must be told to stop. nghttp2 would not send what is before the reset. */
function closeOnceSent(stream: ServerHttp2Stream): void {
  setImmediate(() => {
    if (stream.destroyed) return;
    const unsent = stream.session?.state.outboundQueueSize ?? 0;
    if (unsent > 0) setTimeout(closeOnceSent, UNSENT_MS, stream).unref();
    else stream.close(constants.NGHTTP2_NO_ERROR);
  });
}

/** Ends a call that others have begun to serve. gRPC libraries take this reset for RESOURCE_EXHAUSTED. */
export function cutOff(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
}
