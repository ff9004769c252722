import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const SOURCE = join(__dirname, '../../bench/generator');
const PROGRAM = join(__dirname, 'generator');

/** Unary calls; `job` of bench/generator/main.go says what the fields mean. */
export interface Calls {
  method: string;
  callers: number;
  seconds: number;
  repeat: boolean;
}

/** What one run of a load measured. */
export interface Measured {
  calls: number;
  seconds: number;
  /** Of unary calls. */
  p50Ms: number;
  p99Ms: number;
}

/**
 * The process that calls a server under measurement: a program in Go, since a client in Node.js spends more on a call than
 * the bare server does and would measure itself.
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

  /** Calls with the requests, each encoded, one after the other. Throws when a call fails. */
  async unary(calls: Calls, requests: readonly Uint8Array[]): Promise<Measured> {
    await this.#send({ ...calls, requests: requests.length }, requests);
    return JSON.parse(await this.#out.line());
  }

  /** Sends the requests over one stream of both directions. Also answers the answers, each encoded. */
  async stream(method: string, requests: readonly Uint8Array[]): Promise<Measured & { answers: Buffer[] }> {
    await this.#send({ method, stream: true, requests: requests.length }, requests);
    const measured = JSON.parse(await this.#out.line());
    const answers: Buffer[] = [];
    while (answers.length < measured.answers)
      answers.push(await this.#out.bytes((await this.#out.bytes(4)).readUInt32BE()));
    return { ...measured, answers };
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
