import type { TaskResultStore } from '../../src/domain/store';
import type { Micros } from '../../src/domain/task-result';
import { type Database, openStore } from '../../src/store/open';
import { type EngineName, type TemporaryDatabase, temporaryDatabase } from './engines';

/** A clock that tests set. Each reading is one microsecond later than the one before. */
export class TestClock {
  constructor(public now: Micros = Date.UTC(2026, 0, 1) * 1_000) {}

  readonly read = (): Micros => this.now++;
}

/** How long the store keeps finished results. */
export const KEPT: Micros = 3_600_000_000;

/** An empty store on a database that is dropped with it. */
export interface TemporaryStore {
  readonly store: TaskResultStore;
  /** As another process would see the same database; the very same store where only one process may use it. */
  readonly rival: TaskResultStore;
  readonly clock: TestClock;
  readonly database: Database;
  close(): Promise<void>;
}

export async function openTemporaryStore(engine: EngineName): Promise<TemporaryStore> {
  return openStoreOn(await temporaryDatabase(engine));
}

export async function openStoreOn({ database, drop }: TemporaryDatabase): Promise<TemporaryStore> {
  const clock = new TestClock();
  const open = () =>
    openStore(database, { clock: clock.read, retention: { afterFinish: KEPT }, whenOutdated: 'migrate' });
  const store = await open();
  const rival = database.engine === 'mysql' ? await open() : store;
  return {
    store,
    rival,
    clock,
    database,
    async close() {
      await store.close();
      if (rival !== store) await rival.close();
      await drop();
    },
  };
}
