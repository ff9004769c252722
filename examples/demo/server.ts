import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(__dirname, '../../main.js');
/** For starting, and again for stopping. */
const PATIENCE_MS = 60_000;

/** The real server in a process of its own, on any free port. */
export class DemoServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly address: string,
  ) {}

  /** Keeps its database in `folder`. */
  static async start(folder: string): Promise<DemoServer> {
    const database = `sqlite:${join(folder, 'demo.sqlite')}`;
    const args = [
      PROGRAM,
      'serve',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--database-url',
      database,
      '--log-level',
      'warn',
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    try {
      return new DemoServer(child, await announcedAddress(child));
    } finally {
      clearTimeout(impatient);
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    const impatient = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    await ended;
    clearTimeout(impatient);
  }
}

async function announcedAddress(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server has no output');
  for await (const line of createInterface(child.stdout)) {
    const [, address] = /listening on (\S+)/.exec(line) ?? [];
    if (address !== undefined) return address;
  }
  // Its output has ended, and so has the server.
  throw new Error('the server did not start');
}
