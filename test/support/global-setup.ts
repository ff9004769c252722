import { PrivateMysql } from './private-mysql';

declare global {
  var privateMysql: PrivateMysql | undefined;
}

/** All test files share one database server, each with databases of its own. */
export default async function setUp(): Promise<void> {
  if (process.env.TASKRESULTS_TEST_MYSQL_URL) return;
  globalThis.privateMysql = await PrivateMysql.start();
  process.env.TASKRESULTS_TEST_MYSQL_URL = globalThis.privateMysql.url();
}
