import type { TemporaryStore } from '../support/temporary-store';
import { describeChangeLog } from './store-change-log';
import { describeContent } from './store-content';
import { describeList } from './store-list';
import { describeRivals } from './store-rivals';
import { describeTransact } from './store-transact';

/** What every TaskResultStore owes (src/domain/store.ts). `open` gives an empty one. */
export function describeStore(name: string, open: () => Promise<TemporaryStore>): void {
  describe(name, () => {
    let opened: TemporaryStore;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.close());

    describeContent(() => opened);
    describeTransact(() => opened);
    describeRivals(() => opened);
    describeChangeLog(() => opened);
    describeList(open);
  });
}
