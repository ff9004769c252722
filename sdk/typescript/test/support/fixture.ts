import { type ClientOptions, TaskResults } from '../../src/index';
import { type ServerOptions, TestServer } from './server';

/** A server, and clients that are closed before it is removed. */
export class Fixture {
  readonly #clients: TaskResults[] = [];

  private constructor(readonly server: TestServer) {}

  static async start(options?: ServerOptions): Promise<Fixture> {
    return new Fixture(await TestServer.start(options));
  }

  /** Its calls have a minute, so that a busy machine answers in time. */
  client(options: ClientOptions & { target?: string } = {}): TaskResults {
    const { target = this.server.address, ...rest } = options;
    const client = new TaskResults(target, { timeoutMs: 60_000, ...rest });
    this.#clients.push(client);
    return client;
  }

  async remove(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.server.remove();
  }
}

let count = 0;

/** An id that no other test has. */
export function freshId(): string {
  return `id-${++count}`;
}

/** Starts and finishes the next attempt. */
export async function finish(client: TaskResults, id: string, value: unknown = null): Promise<void> {
  const { attempt } = await client.startAttempt(id, 'w');
  await client.succeed(id, attempt, value);
}
