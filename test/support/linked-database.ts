import type { Database } from '../../src/store/open';
import { temporaryDatabase } from './engines';
import { Link } from './link';

/** An empty MySQL database that is also reached through a link, which a test can stall. */
export interface LinkedDatabase {
  readonly direct: Database & { engine: 'mysql' };
  readonly linked: Database & { engine: 'mysql' };
  readonly link: Link;
  drop(): Promise<void>;
}

export async function linkedDatabase(): Promise<LinkedDatabase> {
  const { database, drop } = await temporaryDatabase('mysql');
  if (database.engine !== 'mysql') throw new Error('not a MySQL database');
  const url = new URL(database.url);
  const link = await Link.to(Number(url.port || 3306));
  url.hostname = '127.0.0.1';
  url.port = String(link.port);
  return {
    direct: database,
    linked: { ...database, url: url.href },
    link,
    async drop() {
      await link.close();
      await drop();
    },
  };
}
