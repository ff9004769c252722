import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childrenOf } from './children';
import { Supervised } from './supervised';

const MAIN = process.env.TASKRESULTS_MAIN ?? join(__dirname, '../../dist/main.js');

/** The compiled server as a process of its own, which can be killed. `npm test` compiles it first. */
export class ChildServer {
  private constructor(
    private readonly child: Supervised,
    readonly pid: number,
    readonly port: number,
  ) {}

  /** Resolves once it listens. `port` 0: any free one. */
  static async start(
    databaseUrl: string,
    port = 0,
    flags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ChildServer> {
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
    const child = new Supervised(process.execPath, args, environment);
    const said: string[] = [];
    child.stderr.on('data', (chunk) => said.push(String(chunk)));
    for await (const line of createInterface({ input: child.stdout })) {
      const listening = /listening on \S+:(\d+) /.exec(line);
      if (listening) return new ChildServer(child, await child.pid(), Number(listening[1]));
    }
    throw new Error(`the server did not start: ${said.join('')}`);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Processes that it has started. */
  children(): number[] {
    return childrenOf(this.pid);
  }

  /** Stops the process where it is, as a suspended machine would, until `resume`. */
  suspend(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Ends the process, waits until it is gone, and returns its exit code. */
  end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number> {
    return this.child.end(signal === 'SIGTERM' ? 'TERM' : 'KILL');
  }
}
