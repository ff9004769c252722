import { connect, createServer, type Server, type Socket } from 'node:net';

const PREFACE_BYTES = 24;
const FRAME_HEADER_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const END_STREAM = 1;

/** A TCP link on loopback that counts the HTTP/2 streams on it, and that a test can cut or make mute. */
export class TappedLink {
  /** Streams that the client has opened. */
  opened = 0;
  /** Streams that the client has cancelled. */
  cancelled = 0;
  /** Bytes that the client has sent. */
  sent = 0;
  /** Bytes that the client got. */
  received = 0;
  /** Connections that were made. */
  connections = 0;
  readonly #open = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #isMute = false;

  private constructor(
    private readonly server: Server,
    readonly address: string,
  ) {}

  /** Leads to `targetPort` from a free port. */
  static to(targetPort: number): Promise<TappedLink> {
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true }).on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const link = new TappedLink(server, `127.0.0.1:${(server.address() as { port: number }).port}`);
        server.on('connection', (near) => link.#join(near, connect(targetPort, '127.0.0.1')));
        resolve(link);
      });
    });
  }

  /** Streams that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Resets every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What the server says is lost from now on, and nobody is told. */
  mute(isMute = true): void {
    this.#isMute = isMute;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    const connection = ++this.connections;
    const key = (stream: number) => `${connection}/${stream}`;
    const sent = new Frames(PREFACE_BYTES, (type, _flags, stream) => {
      if (type === HEADERS) {
        this.opened++;
        this.#open.add(key(stream));
      } else if (type === RST_STREAM) {
        this.cancelled++;
        this.#open.delete(key(stream));
      }
    });
    const received = new Frames(0, (type, flags, stream) => {
      const isLast = (type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0;
      if (isLast || type === RST_STREAM) this.#open.delete(key(stream));
    });
    near.on('data', (bytes) => {
      this.sent += bytes.length;
      sent.read(bytes as Buffer);
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (this.#isMute) return;
      this.received += bytes.length;
      received.read(bytes as Buffer);
      near.write(bytes);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        for (const stream of this.#open) if (stream.startsWith(`${connection}/`)) this.#open.delete(stream);
        other.destroy();
      });
    }
    near.resume();
  }
}

/** Reads the headers of frames from a stream of bytes. */
class Frames {
  #buffered: Buffer = Buffer.alloc(0);

  constructor(
    private skip: number,
    private readonly onFrame: (type: number, flags: number, stream: number) => void,
  ) {}

  read(bytes: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, bytes]);
    while (this.#buffered.length > this.skip && this.#buffered.length - this.skip >= FRAME_HEADER_BYTES) {
      const frame = this.#buffered.subarray(this.skip);
      this.onFrame(frame.readUInt8(3), frame.readUInt8(4), frame.readUInt32BE(5) & 0x7fffffff);
      this.#buffered = frame.subarray(FRAME_HEADER_BYTES);
      this.skip = frame.readUIntBE(0, 3);
      this.#drop();
    }
    this.#drop();
  }

  #drop(): void {
    const dropped = Math.min(this.skip, this.#buffered.length);
    this.#buffered = this.#buffered.subarray(dropped);
    this.skip -= dropped;
  }
}
