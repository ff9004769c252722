import { ENGINES } from '../support/engines';
import { openTemporaryStore } from '../support/temporary-store';
import { describeStore } from './store';

for (const engine of ENGINES) describeStore(engine, () => openTemporaryStore(engine));
