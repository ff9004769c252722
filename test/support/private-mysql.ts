import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { Supervised } from './supervised';
import { until } from './until';

const INSTALL = 'apt-get update && apt-get install -y mariadb-server';

/**
 * A MariaDB or MySQL server of our own: on a temporary folder and a free port, durable at every commit. It ends with
 * this process, however this process ends.
 */
export class PrivateMysql {
  #process: Supervised | null = null;

  private constructor(
    private readonly binary: string,
    private readonly settings: readonly string[],
    private readonly folder: string,
    readonly port: number,
  ) {}

  /**
   * Starts the server binary that TASKRESULTS_TEST_MYSQLD names, or one on the PATH, with `settings` on its command
   * line. Throws, with the line that installs one, when there is none.
   */
  static async start(settings: readonly string[] = []): Promise<PrivateMysql> {
    const binary = process.env.TASKRESULTS_TEST_MYSQLD ?? onPath('mariadbd') ?? onPath('mysqld');
    if (!binary) {
      throw new Error(
        `the tests need a MySQL or MariaDB server: set TASKRESULTS_TEST_MYSQL_URL, or put one on the PATH, e.g.\n  ${INSTALL}`,
      );
    }
    const folder = await mkdtemp(join(tmpdir(), 'taskresults-mysql-'));
    const server = new PrivateMysql(binary, settings, folder, await freePort());
    try {
      await server.#initialize();
      await server.up();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** The URL of a database on this server. */
  url(database = 'mysql'): string {
    return `mysql://root@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes an empty database. Returns its URL. */
  async createDatabase(name: string): Promise<string> {
    const connection = await createConnection(this.url());
    await connection.query(`CREATE DATABASE ${name}`);
    await connection.end();
    return this.url(name);
  }

  /** Starts the server process and waits until it answers. */
  async up(): Promise<void> {
    const args = [
      '--no-defaults',
      `--datadir=${join(this.folder, 'data')}`,
      `--port=${this.port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(this.folder, 'sock')}`,
      `--pid-file=${join(this.folder, 'pid')}`,
      `--log-error=${join(this.folder, 'log')}`,
      this.#temporary,
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=256M',
      '--max-connections=300',
      ...this.#place,
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      ...this.settings,
    ];
    this.#process = new Supervised(this.binary, args);
    for (const output of [this.#process.stdout, this.#process.stderr]) output.resume();
    await until(() => this.#answers(), 'the database server answers');
  }

  /** Ends the server process; `KILL` as a crash would. */
  async down(how: 'TERM' | 'KILL' = 'TERM'): Promise<void> {
    await this.#process?.end(how);
    this.#process = null;
  }

  /** It does nothing until `thaw`, as on a machine that is suspended. */
  async freeze(): Promise<void> {
    if (this.#process) process.kill(await this.#process.pid(), 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    if (this.#process) process.kill(await this.#process.pid(), 'SIGCONT');
  }

  /** Ends the server for good. */
  async stop(): Promise<void> {
    await this.down('KILL');
    await rm(this.folder, { recursive: true, force: true });
  }

  async #initialize(): Promise<void> {
    const data = join(this.folder, 'data');
    const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
    const installer = onPath('mariadb-install-db');
    if (installer && !process.env.TASKRESULTS_TEST_MYSQLD) {
      const args = [
        '--no-defaults',
        `--datadir=${data}`,
        this.#temporary,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        ...asRoot,
      ];
      await promisify(execFile)(installer, args);
    } else {
      await promisify(execFile)(this.binary, [
        '--no-defaults',
        '--initialize-insecure',
        `--datadir=${data}`,
        this.#temporary,
        ...this.#place,
        ...asRoot,
      ]);
    }
  }

  /** A server that starts clears its folder for temporary files, of those of others as well. */
  get #temporary(): string {
    return `--tmpdir=${this.folder}`;
  }

  /** A server that is not installed looks for its messages where it was built. */
  get #place(): string[] {
    if (!process.env.TASKRESULTS_TEST_MYSQLD) return [];
    const home = dirname(dirname(this.binary));
    return [`--basedir=${home}`, `--lc-messages-dir=${join(home, 'share')}`, '--loose-mysqlx=OFF'];
  }

  async #answers(): Promise<boolean> {
    try {
      const connection = await createConnection({ uri: this.url(), connectTimeout: 10_000 });
      await connection.end();
      return true;
    } catch {
      return false;
    }
  }
}

function onPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
