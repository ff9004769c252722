import type { QueryRunner } from 'typeorm';
import type { Dialect } from './dialect';
import type { Statement } from './statement';

const BEGIN: Statement = { text: 'BEGIN', values: [] };
const COMMIT: Statement = { text: 'COMMIT', values: [] };

/**
 * One transaction on a connection of its own, in as few round trips as the engine allows: BEGIN travels with the first
 * statements and COMMIT with the last. When one of them fails, the engine runs none of those after it, COMMIT included.
 */
export class Transaction {
  #state: 'new' | 'open' | 'committed' = 'new';

  constructor(
    private readonly runner: QueryRunner,
    private readonly dialect: Dialect,
  ) {}

  /** Waits for a connection, so that what is asked and decided afterwards is sent at once. */
  async connect(): Promise<void> {
    await this.runner.connect();
  }

  /** Runs statements in their order, and returns what the driver returned for each. */
  async send(statements: readonly Statement[]): Promise<unknown[]> {
    if (statements.length === 0) return [];
    if (this.#state === 'open') return this.dialect.runAll(this.runner, statements);
    this.#state = 'open';
    return (await this.dialect.runAll(this.runner, [BEGIN, ...statements])).slice(1);
  }

  /** The same for the last statements of the transaction, which then is committed. */
  async commit(statements: readonly Statement[]): Promise<unknown[]> {
    if (this.#state === 'new' && statements.length === 0) return [];
    const results = await this.send([...statements, COMMIT]);
    this.#state = 'committed';
    return results.slice(0, -1);
  }

  /** Gives the connection back. What is not committed is rolled back. */
  async end(): Promise<void> {
    if (this.#state === 'open') await this.#rollBackOrDestroy();
    await this.runner.release();
  }

  /** A connection that may still be inside a transaction must never go back to the pool. */
  async #rollBackOrDestroy(): Promise<void> {
    try {
      await this.runner.query('ROLLBACK');
    } catch {
      const connection = await this.runner.connect().catch(() => null);
      connection?.destroy?.();
    }
  }
}
