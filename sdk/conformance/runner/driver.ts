import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SDK = join(__dirname, '../..');

/** Exit code of a script whose toolchain is missing. */
const NO_TOOLCHAIN = 77;
/** How long a driver may take to start: it may be compiled first. */
const START_MS = 480_000;
const ANSWER_MS = 120_000;
/** How long a call of a client may take, unless a scenario says otherwise. */
const CALL_MS = 60_000;

/** SDKs by name, and the scripts that start their drivers. */
export const DRIVERS = {
  typescript: 'typescript/driver',
  python: 'python/driver',
  'python-asyncio': 'python/driver-async',
  go: 'go/driver',
  java: 'java/driver',
} as const;

export type Language = keyof typeof DRIVERS;

export type Members = Record<string, unknown>;

export type Answer = { ok: Members } | { error: { reason: string; message: string } };

/** The toolchain of an SDK is not there; the message says what to install. */
export class NoToolchain extends Error {}

/** The conformance driver of one SDK: see sdk/conformance/README.md. */
export class Driver {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #said: string[] = [];
  #next = 1;

  private constructor(private readonly child: ChildProcess) {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#answered(line));
    child.stderr?.on('data', (chunk) => this.#said.push(String(chunk)));
  }

  /** Starts the driver and connects it. Throws NoToolchain when its language is not installed. */
  static async start(language: Language, target: string, token: string): Promise<Driver> {
    const child = spawn(join(SDK, DRIVERS[language]), [], { stdio: ['pipe', 'pipe', 'pipe'] });
    const driver = new Driver(child);
    child.stdin?.on('error', () => {}); // its end says the same
    const ended = once(child, 'exit').then(([code]) => {
      const said = driver.#said.join('');
      throw code === NO_TOOLCHAIN ? new NoToolchain(said) : new Error(`the ${language} driver ended: ${said}`);
    });
    const connected = driver.#ask('connect', { timeout_ms: CALL_MS, target, token }, START_MS);
    const answer = await Promise.race([connected, ended]);
    if ('error' in answer) throw new Error(`the ${language} driver does not connect: ${answer.error.message}`);
    ended.catch(() => {});
    return driver;
  }

  ask(op: string, members: Members): Promise<Answer> {
    return this.#ask(op, op === 'connect' ? { timeout_ms: CALL_MS, ...members } : members, ANSWER_MS);
  }

  /** Ends its input, and waits until it has ended by itself. Throws when that was not with 0. */
  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin?.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), ANSWER_MS);
    const [code] = this.child.exitCode === null ? await exited : [this.child.exitCode];
    clearTimeout(timer);
    if (code !== 0) throw new Error(`a driver ended with ${code}: ${this.#said.join('')}`);
  }

  async #ask(op: string, members: Members, timeoutMs: number): Promise<Answer> {
    const n = this.#next++;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(n, resolve));
    this.child.stdin?.write(`${JSON.stringify({ n, op, ...members })}\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer to ${op}: ${this.#said.join('')}`)), timeoutMs);
    });
    return Promise.race([answered, late]).finally(() => clearTimeout(timer));
  }

  #answered(line: string): void {
    const { n, ...answer } = JSON.parse(line) as { n: number } & Answer;
    this.#waiting.get(n)?.(answer as Answer);
    this.#waiting.delete(n);
  }
}
