import { ChildServer } from './child-server';
import { temporaryDatabase } from './engines';
import { type Outcome, Program, type Terminal } from './program';

/** A server on an SQLite file of its own, and the client commands that talk to it. */
export class CliServer {
  private constructor(
    private server: ChildServer,
    private readonly url: string,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(): Promise<CliServer> {
    const { database, drop } = await temporaryDatabase('sqlite');
    const url = database.engine === 'sqlite' ? `sqlite:${database.file}` : database.url;
    return new CliServer(await ChildServer.start(url), url, drop);
  }

  get address(): string {
    return this.server.address;
  }

  /** Ends the server as a crash would. */
  kill(): Promise<number> {
    return this.server.end('SIGKILL');
  }

  /** Starts it again, on the same file and port. */
  async restart(): Promise<void> {
    this.server = await ChildServer.start(this.url, this.server.port);
  }

  async remove(): Promise<void> {
    await this.server.end('SIGKILL');
    await this.drop();
  }

  /** Leaves a client command running. */
  launch(...args: string[]): Program {
    return new Program(args, { TASKRESULTS_SERVER: this.address });
  }

  /** The same on a terminal. */
  launchOn(terminal: Terminal, ...args: string[]): Program {
    return new Program(args, { TASKRESULTS_SERVER: this.address }, { terminal });
  }

  run(...args: string[]): Promise<Outcome> {
    return this.launch(...args).outcome();
  }

  /** Runs a command that must succeed, with `--json`. Returns what its lines say. */
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
  async json(...args: string[]): Promise<any[]> {
    const { code, stdout, stderr } = await this.run(...args, '--json');
    if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}
