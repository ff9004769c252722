import { connect, createServer, type Server, type Socket } from 'node:net';

/** Where the link is cut around a COMMIT. */
export type Cut =
  /** It never reaches the database, which rolls back. */
  | 'before it arrives'
  /** It is done, and nobody hears of it. */
  | 'after it was answered'
  /** It is on its way, and what becomes of it is open. */
  | 'while it is on its way';

/** At the end of a packet, with or without statements before it. */
const COMMIT = Buffer.from('COMMIT');

/** A TCP link to a MySQL server that can be cut just at a COMMIT. */
export class MysqlLink {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #armed: { cut: Cut; meanwhile: () => Promise<void> } | null = null;
  #holding: ((far: Socket, commit: Buffer) => void) | null = null;
  /** What was sent and awaited an answer. */
  requests = 0;
  /** COMMITs seen. */
  commits = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {}

  static to(url: string): Promise<MysqlLink> {
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true }).on('error', reject);
      const link = new MysqlLink(server, new URL(url));
      server.on('connection', (near) => link.#join(near)).listen(0, '127.0.0.1', () => resolve(link));
    });
  }

  /** The URL that leads through the link. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String((this.server.address() as { port: number }).port);
    return url.href;
  }

  /** Cuts the next COMMIT's connection. The client learns of it only after `meanwhile`. */
  cutNextCommit(cut: Cut, meanwhile: () => Promise<void> = async () => {}): void {
    this.#armed = { cut, meanwhile };
  }

  /**
   * Cuts the next COMMIT's connection, and keeps what was sent. Resolves then to what delivers it: late, as a network
   * may, and until the database has worked on it.
   */
  holdNextCommit(): Promise<() => Promise<void>> {
    return new Promise((resolve) => {
      this.#holding = (far, commit) => resolve(() => delivered(far, commit));
    });
  }

  /** Whether the cut that was asked for has happened. */
  get hasCut(): boolean {
    return this.#armed === null;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }

  #join(near: Socket): void {
    const far = connect(Number(this.target.port), this.target.hostname);
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    let cutting = false;
    const end = () => {
      this.#pairs.delete(pair);
      if (cutting) return;
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) socket.on('error', () => {}).on('close', end);
    far.on('data', (bytes) => {
      if (!cutting) near.write(bytes);
    });
    near.on('data', (bytes) => {
      if (cutting) return;
      this.requests++;
      if (!bytes.subarray(-COMMIT.length).equals(COMMIT)) return void far.write(bytes);
      this.commits++;
      const holding = this.#holding;
      if (holding) {
        cutting = true;
        this.#holding = null;
        holding(far, bytes);
        near.destroy();
        return;
      }
      const armed = this.#armed;
      if (!armed) return void far.write(bytes);
      cutting = true;
      this.#armed = null;
      void reached(armed.cut, far, bytes)
        .then(armed.meanwhile)
        .finally(() => near.destroy());
    });
    near.resume();
  }
}

/** Resolves when the database has answered, whatever it said. */
async function delivered(far: Socket, commit: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    far.once('data', () => resolve()).once('close', () => resolve());
    far.write(commit);
  });
  far.destroy();
}

/** Resolves when the COMMIT has got as far as it shall, and the database's end of the link is closed. */
async function reached(cut: Cut, far: Socket, commit: Buffer): Promise<void> {
  if (cut === 'before it arrives') return void far.destroy();
  await new Promise<void>((resolve) => {
    let answer = Buffer.alloc(0);
    far.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (cut === 'after it was answered' && isWhole(answer)) resolve();
    });
    far.write(commit, () => cut === 'while it is on its way' && resolve());
  });
  far.destroy();
}

const HEADER_BYTES = 4;
const MORE_RESULTS = 0x0008;

/** Whether these packets, each an OK, answer all statements that were sent together. */
function isWhole(packets: Buffer): boolean {
  for (let at = 0; packets.length - at > HEADER_BYTES; ) {
    const end = at + HEADER_BYTES + packets.readUIntLE(at, 3);
    if (end > packets.length) return false;
    const status = afterInteger(packets, afterInteger(packets, at + HEADER_BYTES + 1));
    if (!(packets.readUInt16LE(status) & MORE_RESULTS)) return true;
    at = end;
  }
  return false;
}

/** Where a length-encoded integer ends. */
function afterInteger(bytes: Buffer, at: number): number {
  const extra = { 252: 2, 253: 3, 254: 8 }[bytes[at] as number] ?? 0;
  return at + 1 + extra;
}
