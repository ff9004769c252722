import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/**
 * A child process that ends with this one, however this one ends: a shell between the two kills it when its own
 * standard input ends, which it also does when this process is killed. Its standard output and error are the child's.
 */
export class Supervised {
  /** Resolves when the child is gone, with its exit code; 128 and more: a signal ended it. */
  readonly gone: Promise<number>;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly #shell: ChildProcess;
  readonly #pid: Promise<number>;

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const script =
      'trap "" INT; "$@" </dev/null & child=$!; echo $child >&3; read -r how || how=KILL; kill -"$how" $child; wait $child';
    this.#shell = spawn('sh', ['-c', script, 'sh', command, ...args], {
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment }, // within jest this is a copy, which spawn would not look at
    });
    this.stdout = this.#shell.stdout as Readable;
    this.stderr = this.#shell.stderr as Readable;
    this.gone = once(this.#shell, 'exit').then(([code]) => Number(code));
    this.#pid = once(this.#shell.stdio[3] as Readable, 'data').then(([line]) => Number(String(line)));
  }

  pid(): Promise<number> {
    return this.#pid;
  }

  async end(signal: 'TERM' | 'KILL'): Promise<number> {
    this.#shell.stdin?.on('error', () => {}); // it may be gone already
    this.#shell.stdin?.end(`${signal}\n`);
    return this.gone;
  }
}
