import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const SOURCE = join(__dirname, '../../bench/generator');
const PROGRAM = join(__dirname, 'generator');

/** Unary calls; `job` of bench/generator/main.go says what the fields mean. */
export interface Calls {
  method: string;
  /** A closed loop of so many callers, or an open one of so many calls a second. */
  load: { callers: number } | { rate: number };
  seconds: number;
  repeat: boolean;
}

/** A request, encoded, and what its answer must be. */
export interface CheckedRequest {
  request: Uint8Array;
  /** Throws when this is not the right answer. */
  check(answer: Uint8Array): void;
}

/** Answers of one run that are checked: all of small ones, the first ones of large ones. */
const MAX_CHECKED_BYTES = 64 * 1024 * 1024;

/** What one run of a load measured. */
export interface Measured {
  calls: number;
  seconds: number;
  /** For unary calls. In an open loop they count from the moment at which a call was due. */
  p50Ms: number;
  p99Ms: number;
}

/**
 * The process that calls a server under measurement: a program in Go, since a client in Node.js spends more on a call
 * than the bare server does and would measure itself.
 */
export class LoadGenerator {
  readonly #process: ChildProcess;
  readonly #in: Writable;
  readonly #out: Reader;

  constructor(address: string) {
    this.#process = spawn(PROGRAM, [address], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#in = this.#process.stdin as Writable;
    this.#out = new Reader(this.#process.stdout as Readable);
  }

  /** Compiles the program. */
  static build(): void {
    execFileSync('go', ['-C', SOURCE, 'build', '-o', PROGRAM, '.'], { stdio: 'inherit' });
  }

  /**
   * Makes the calls, one request after the other. Throws when a call fails, or when its answer is not the right one.
   */
  async unary({ load, ...calls }: Calls, requests: readonly CheckedRequest[]): Promise<Measured> {
    const job = { ...calls, ...load, requests: requests.length, keepBytes: MAX_CHECKED_BYTES };
    await this.#send(
      job,
      requests.map(({ request }) => request),
    );
    return this.#measured((n, answer) => requests[n]?.check(answer));
  }

  /** Sends the requests over one stream of both directions. Also returns the answers, each encoded. */
  async stream(method: string, requests: readonly Uint8Array[]): Promise<Measured & { answers: Buffer[] }> {
    await this.#send({ method, stream: true, requests: requests.length }, requests);
    const answers: Buffer[] = [];
    const measured = await this.#measured((_, answer) => answers.push(answer));
    return { ...measured, answers };
  }

  async #measured(onAnswer: (request: number, answer: Buffer) => void): Promise<Measured> {
    const { answers, ...measured } = JSON.parse(await this.#out.line());
    for (let n = 0; n < answers; n++) {
      const head = await this.#out.bytes(8);
      onAnswer(head.readUInt32BE(0), await this.#out.bytes(head.readUInt32BE(4)));
    }
    return measured;
  }

  async #send(job: object, requests: readonly Uint8Array[]): Promise<void> {
    this.#in.write(`${JSON.stringify(job)}\n`);
    for (const request of requests) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(request.length);
      this.#in.write(length);
      if (!this.#in.write(request)) await once(this.#in, 'drain');
    }
  }

  async close(): Promise<void> {
    const gone = once(this.#process, 'exit');
    this.#in.end();
    await gone;
  }
}

/** Takes lines and bytes from a stream. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    while (!this.#rest.includes(10)) await this.#more();
    const line = await this.bytes(this.#rest.indexOf(10) + 1);
    return line.toString();
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#rest.length < count) await this.#more();
    const bytes = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return bytes;
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new Error('the load generator ended; what it said is above');
    this.#rest = Buffer.concat([this.#rest, value]);
  }
}
