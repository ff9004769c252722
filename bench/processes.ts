import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Supervised } from '../test/support/supervised';

/** The service as this project builds it. */
export const MAIN = join(__dirname, '../main.js');

/** CPU time of a process is counted in these, on every Linux. */
const TICKS_PER_SECOND = 100;

/** A server process under measurement. */
export class ServerProcess {
  private constructor(
    private readonly child: Supervised,
    private readonly pid: number,
    readonly port: number,
  ) {}

  /** Starts the service as `npm start` does; `main` is the program of this or another build. */
  static serve(main: string, args: readonly string[]): Promise<ServerProcess> {
    return ServerProcess.start('--max-semi-space-size=32', [
      main,
      'serve',
      '--port',
      '0',
      '--log-level',
      'warn',
      ...args,
    ]);
  }

  /** Starts `node script …args` and waits until it prints a line that ends in its port (perhaps followed by more). */
  static async start(script: string, args: readonly string[]): Promise<ServerProcess> {
    const child = new Supervised(process.execPath, [script, ...args]);
    child.stderr.pipe(process.stderr);
    for await (const line of createInterface({ input: child.stdout })) {
      const port = /(?:^|on \S+:)(\d+)(?: |$)/.exec(line)?.[1];
      if (port) return new ServerProcess(child, await child.pid(), Number(port));
    }
    throw new Error(`${script} did not start`);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Seconds of CPU time so far. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  /** Resident megabytes. */
  residentMb(): number {
    return this.memory('VmRSS');
  }

  /** Its largest resident memory since `forgetPeak`, or since its start, in megabytes. */
  peakMb(): number {
    return this.memory('VmHWM');
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }

  private memory(field: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  }

  stop(): Promise<number> {
    return this.child.end('TERM');
  }
}
