import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { childrenOf } from './children';
import { until } from './until';

const MAIN = join(__dirname, '../../dist/main.js');
const TERMINAL = join(__dirname, 'terminal.py');

export type Environment = Readonly<Record<string, string>>;

export interface Outcome {
  /** Null when a signal ended the program. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Terminal {
  rows: number;
  columns: number;
}

interface HowToRun {
  /** Its output is this terminal. */
  terminal?: Terminal;
  /** With the processes that it starts it makes a group of its own, as under a shell or a supervisor. */
  detached?: boolean;
}

/**
 * The compiled program in a process of its own. `npm test` compiles it first. Its output is a terminal only when one is
 * asked for; `stdout` then has all that was drawn on it, and SIGINT is Ctrl-C.
 */
export class Program {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<number | null>;

  constructor(args: readonly string[], env: Environment = {}, { terminal, detached = false }: HowToRun = {}) {
    const command = [process.execPath, MAIN, ...args];
    const { rows, columns } = terminal ?? {};
    const [file = '', ...rest] = terminal ? ['python3', TERMINAL, String(rows), String(columns), ...command] : command;
    this.#child = spawn(file, rest, {
      detached,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...withoutSettings(process.env), ...env },
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.#closed = new Promise((resolve) => this.#child.once('close', resolve));
    running.add(this);
    void this.#closed.then(() => running.delete(this));
  }

  /** Resolves when the program has ended. */
  async outcome(): Promise<Outcome> {
    const code = await this.#closed;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  kill(signal: NodeJS.Signals): Promise<Outcome> {
    this.#child.kill(signal);
    return this.outcome();
  }

  /** Sends a signal to all processes of a detached program, as Ctrl-C on a terminal does. */
  killGroup(signal: NodeJS.Signals): Promise<Outcome> {
    process.kill(-(this.#child.pid as number), signal);
    return this.outcome();
  }

  /** Processes that it has started. */
  children(): number[] {
    return childrenOf(this.#child.pid as number);
  }

  /** Waits until what it printed on stdout matches. */
  async printed(pattern: RegExp): Promise<void> {
    await until(() => pattern.test(this.stdout) || !running.has(this), `the program prints ${pattern}`);
    if (!pattern.test(this.stdout)) throw new Error(`ended without ${pattern}: ${this.stdout}${this.stderr}`);
  }

  /** Waits until what it logged matches. */
  logged(pattern: RegExp): Promise<void> {
    return until(() => pattern.test(this.stderr), `the program logs ${pattern}`);
  }
}

const running = new Set<Program>();

/** For `afterAll`: ends what a failed test has left running. */
export async function killLeftovers(): Promise<void> {
  await Promise.all([...running].map((program) => program.kill('SIGKILL')));
}

export function run(args: readonly string[], env: Environment = {}): Promise<Outcome> {
  return new Program(args, env).outcome();
}

/** Without the settings of whoever runs the tests. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TASKRESULTS_')));
}
