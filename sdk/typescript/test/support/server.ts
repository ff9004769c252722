import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Supervised } from '../../../../test/support/supervised';

const MAIN = resolve(process.env.TASKRESULTS_MAIN ?? join(__dirname, '../../../../dist/main.js'));

export interface ServerOptions {
  /** Further flags of `serve`. */
  flags?: readonly string[];
  /** Callers must send it. */
  token?: string;
}

/** The compiled server in a process of its own, on an SQLite file of its own. */
export class TestServer {
  private constructor(
    private child: Supervised,
    private readonly folder: string,
    private readonly options: ServerOptions,
    readonly address: string,
  ) {}

  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), 'taskresults-client-'));
    const child = launch(folder, 0, options);
    return new TestServer(child, folder, options, await listening(child));
  }

  /** 0 on a Unix socket. */
  get port(): number {
    return Number(/:(\d+)$/.exec(this.address)?.[1] ?? 0);
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    await this.child.end('KILL');
  }

  /** Starts it again, on the same file and port. */
  async restart(): Promise<void> {
    this.child = launch(this.folder, this.port, this.options);
    await listening(this.child);
  }

  /** As whoever runs it would, to replace it. */
  async terminate(): Promise<void> {
    await this.child.end('TERM');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function launch(folder: string, port: number, { flags = [], token }: ServerOptions): Supervised {
  const environment = token === undefined ? [] : [`TASKRESULTS_TOKEN=${token}`];
  const database = `sqlite:${join(folder, 'results.sqlite')}`;
  const settings = ['--port', String(port), '--database-url', database, '--log-level', 'warn', ...flags];
  return new Supervised('env', [...environment, process.execPath, MAIN, 'serve', ...settings]);
}

/** Resolves with its address. */
async function listening(child: Supervised): Promise<string> {
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address] = /listening on (\S+) /.exec(line) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error(`the server did not start: ${said.join('')}`);
}
