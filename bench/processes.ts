import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** CPU time of a process is counted in these, on every Linux. */
const TICKS_PER_SECOND = 100;

/** A server process under measurement. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** Starts `node script …args` and waits until it prints a line that ends in its port (perhaps followed by more). */
  static async start(script: string, args: readonly string[]): Promise<ServerProcess> {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const port = /(?:^|:)(\d+)(?: |$)/.exec(line)?.[1];
      if (port) return new ServerProcess(child, Number(port));
    }
    throw new Error(`${script} did not start`);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Seconds of CPU time so far. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident megabytes. */
  residentMb(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
