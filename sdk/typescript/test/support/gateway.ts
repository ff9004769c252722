import {
  Client,
  credentials,
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { TaskLifecycleServiceService as lifecycle } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceService as results } from '@taskresults/protocol/taskresults/v1/task_result_service';

/** What a gateway says to a call instead of handing it on; `silence`: nothing, ever. */
export type Intervention = (Pick<StatusObject, 'code' | 'details'> & { metadata?: Metadata }) | 'silence';

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const unchanged = (bytes: Buffer): Buffer => bytes;

/** A gRPC gateway in front of a server: it hands calls on, and answers some by itself as proxies in production do. */
export class Gateway {
  /** Asked at each call, with the name of its method, such as `FinishAttempt`. Null: the call is handed on. */
  intervene: (method: string) => Intervention | null = () => null;
  readonly #server = new Server();
  readonly #behind: Client;

  private constructor(targetPort: number) {
    this.#behind = new Client(`127.0.0.1:${targetPort}`, credentials.createInsecure());
    for (const { path, requestStream, responseStream } of [...Object.values(lifecycle), ...Object.values(results)]) {
      if (requestStream) continue;
      if (responseStream) this.#handStream(path);
      else this.#hand(path);
    }
  }

  /** The gateway and its address. */
  static async to(targetPort: number): Promise<[gateway: Gateway, address: string]> {
    const gateway = new Gateway(targetPort);
    const port = await new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      gateway.#server.bindAsync('127.0.0.1:0', insecure, (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    return [gateway, `127.0.0.1:${port}`];
  }

  close(): void {
    this.#server.forceShutdown();
    this.#behind.close();
  }

  #handStream(path: string): void {
    this.#server.register<Buffer, Buffer>(
      path,
      (call: ServerWritableStream<Buffer, Buffer>) => {
        const intervention = this.intervene(nameOf(path));
        if (intervention === 'silence') return;
        if (intervention) {
          call.emit('error', intervention);
          return;
        }
        const stream = this.#behind.makeServerStreamRequest(path, unchanged, unchanged, call.request);
        call.on('cancelled', () => stream.cancel());
        stream.on('data', (message) => call.write(message));
        stream.on('error', (error) => call.emit('error', error));
        stream.on('end', () => call.end());
      },
      unchanged,
      unchanged,
      'serverStream',
    );
  }

  #hand(path: string): void {
    const method = nameOf(path);
    this.#server.register<Buffer, Buffer>(
      path,
      ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        const intervention = this.intervene(method);
        if (intervention === 'silence') return;
        if (intervention) answer(intervention);
        else this.#behind.makeUnaryRequest(path, unchanged, unchanged, request, answer);
      },
      unchanged,
      unchanged,
      'unary',
    );
  }
}
