import { constants, type ServerHttp2Stream } from 'node:http2';
import { Metadata, type ServiceError } from '@grpc/grpc-js';

/** How a call ends that no handler has seen. */
export type Refusal = Pick<ServiceError, 'code' | 'details'> & { metadata?: Metadata };

/**
 * Ends a call with a status, and takes nothing more from its caller. Once an answer has begun only the reset is left,
 * which gRPC libraries take for RESOURCE_EXHAUSTED.
 */
export function refuse(stream: ServerHttp2Stream, { code, details, metadata = new Metadata() }: Refusal): void {
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) {
    stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  const status = {
    ':status': constants.HTTP_STATUS_OK,
    'content-type': 'application/grpc+proto',
    'grpc-status': code,
    'grpc-message': encodeURI(details),
  };
  stream.respond({ ...status, ...metadata.toHttp2Headers() }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
  stream.resume(); // what has come already is thrown away, or the stream would not end
}
