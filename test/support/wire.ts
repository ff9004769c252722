import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { Status } from '@taskresults/protocol/google/rpc/status';
import { describeStatus } from './refusal';

/** gRPC over HTTP/2 alone, without a gRPC library: it may break every rule that those keep. */

export interface WireRequest {
  token?: string | undefined;
  headers?: Record<string, string>;
  /** Sent as it is, `frame` and all. */
  body?: Buffer;
  /** The request goes on after `body`. */
  keepOpen?: boolean;
}

/** A message as gRPC frames it. */
export function frame(message: Uint8Array, isCompressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(isCompressed ? 1 : 0, 0);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

export class WireClient {
  private constructor(readonly session: ClientHttp2Session) {}

  /** `window`: how many bytes of each answer the server may send before they are read. */
  static async connect(port: number, window?: number): Promise<WireClient> {
    const settings = window === undefined ? {} : { initialWindowSize: window };
    const session = connect(`http://127.0.0.1:${port}`, { settings });
    session.on('error', () => {}); // the calls tell
    await once(session, 'remoteSettings');
    return new WireClient(session);
  }

  call(path: string, { token, headers, body, keepOpen }: WireRequest = {}): WireCall {
    const stream = this.session.request(
      {
        ':method': 'POST',
        ':path': path,
        te: 'trailers',
        'content-type': 'application/grpc',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      { endStream: false },
    );
    if (body) stream.write(body);
    if (!keepOpen) stream.end();
    return new WireCall(stream);
  }

  close(): void {
    this.session.destroy();
  }
}

export class WireCall {
  /**
   * How the call ended, code and reason: `OK`, `NOT_FOUND TASK_RESULT_DOES_NOT_EXIST`; `RST 8` when its stream was
   * reset without a status.
   */
  readonly ended: Promise<string>;

  constructor(readonly stream: ClientHttp2Stream) {
    stream.on('error', () => {});
    this.ended = new Promise((resolve) => {
      const look = (headers: IncomingHttpHeaders) => {
        if (headers['grpc-status'] !== undefined) resolve(describe(headers));
      };
      stream.on('response', look);
      stream.on('trailers', look);
      stream.once('close', () => resolve(`RST ${stream.rstCode}`));
    });
  }

  /** Reads the answer and throws it away. */
  read(): this {
    this.stream.resume();
    return this;
  }
}

function describe(headers: IncomingHttpHeaders): string {
  const code = status[Number(headers['grpc-status'])] as string;
  const details = headers['grpc-status-details-bin'];
  if (details === undefined) return code;
  return `${code} ${describeStatus(Status.decode(Buffer.from(String(details), 'base64'))).reason}`;
}
