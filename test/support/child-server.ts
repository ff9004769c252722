import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(__dirname, '../../dist/main.js');

/** The compiled server as a process of its own, which can be killed. `npm test` compiles it first. */
export class ChildServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** Resolves once it listens. `port` 0: any free one. */
  static async start(databaseUrl: string, port = 0, flags: readonly string[] = []): Promise<ChildServer> {
    const args = [
      MAIN,
      'serve',
      '--port',
      String(port),
      '--database-url',
      databaseUrl,
      '--log-level',
      'warn',
      ...flags,
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    child.stderr?.on('data', (chunk) => said.push(String(chunk)));
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const listening = /listening on \S+:(\d+)/.exec(line);
      if (listening) return new ChildServer(child, Number(listening[1]));
    }
    throw new Error(`the server did not start: ${said.join('')}`);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Processes that it has started. */
  children(): number[] {
    const { stdout } = spawnSync('pgrep', ['-P', String(this.child.pid)], { encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean).map(Number);
  }

  /** Ends the process and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}
