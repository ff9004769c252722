import type { QueryRunner } from 'typeorm';
import type { Dialect } from './dialect';
import type { Statement } from './statement';

const BEGIN: Statement = { text: 'BEGIN', values: [] };

/**
 * One transaction on a connection of its own, in as few round trips as the engine allows: BEGIN travels with the first
 * statements. COMMIT travels alone, so that what the statements answered is known if the answer to COMMIT gets lost.
 */
export class Transaction {
  #state: 'new' | 'open' | 'committed' = 'new';

  constructor(
    private readonly runner: QueryRunner,
    private readonly dialect: Dialect,
  ) {}

  /** Runs statements in their order, and answers what the driver answered to each. */
  async send(statements: readonly Statement[]): Promise<unknown[]> {
    if (statements.length === 0) return [];
    if (this.#state === 'open') return this.dialect.runAll(this.runner, statements);
    this.#state = 'open';
    return (await this.dialect.runAll(this.runner, [BEGIN, ...statements])).slice(1);
  }

  async commit(): Promise<void> {
    if (this.#state === 'open') await this.runner.query('COMMIT');
    this.#state = 'committed';
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
