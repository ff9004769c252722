import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildServer } from '../../../test/support/child-server';
import type { Answer, Driver, Members } from './driver';
import { FaultProxy } from './fault-proxy';
import { play, type Role, type Scenario, uses } from './scenario';
import { Wire } from './wire';

/** A server of its own to play scenarios on, one after the other, with the ways to it and what befalls it. */
export class World {
  #isRunning = true;

  private constructor(
    private readonly folder: string,
    private readonly token: string,
    private server: ChildServer,
    private readonly wire: Wire,
    private readonly proxy: FaultProxy,
  ) {}

  /** `token` is that of its server. */
  static async start(token: string): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'taskresults-conformance-'));
    const server = await ChildServer.start(databaseUrl(folder));
    return new World(folder, token, server, new Wire(server.address, token), await FaultProxy.to(server.address));
  }

  get address(): string {
    return this.server.address;
  }

  /** Both drivers are connected to this server, and are so again afterwards. */
  async run(scenario: Scenario, worker: Driver, reader: Driver): Promise<void> {
    try {
      await play(scenario, (role, op, members) => this.#act({ worker, reader }, role, op, members));
    } finally {
      this.proxy.forget();
      await this.#startServer();
      if (uses(scenario, 'connect')) await Promise.all([worker, reader].map((driver) => this.connect(driver)));
    }
  }

  async connect(driver: Driver): Promise<void> {
    await driver.ask('connect', { target: this.address, token: this.token });
  }

  async stop(): Promise<void> {
    this.wire.close();
    await this.proxy.close();
    await this.server.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #act(drivers: Record<'worker' | 'reader', Driver>, role: Role, op: string, members: Members): Promise<Answer> {
    if (role === 'wire') return { ok: await this.wire.act(op, members) };
    if (role === 'server') return { ok: await this.#control(op, members) };
    if (role === 'proxy') return { ok: await this.proxy.act(op, members) };
    return drivers[role].ask(op, op === 'connect' ? this.#withTarget(members) : members);
  }

  #withTarget({ through, ...members }: Members): Members {
    return { target: through === 'proxy' ? this.proxy.address : this.address, ...members };
  }

  /** Restarts the server as a machine that goes down and comes back does. */
  async #control(op: string, { after_ms: afterMs = 0 }: { after_ms?: number }): Promise<Members> {
    if (op !== 'start') await this.#stopServer();
    if (op !== 'stop') {
      await delay(afterMs);
      await this.#startServer();
    }
    return {};
  }

  async #stopServer(): Promise<void> {
    this.#isRunning = false;
    await this.server.end('SIGKILL');
  }

  async #startServer(): Promise<void> {
    if (this.#isRunning) return;
    this.server = await ChildServer.start(databaseUrl(this.folder), this.server.port);
    this.#isRunning = true;
  }
}

function databaseUrl(folder: string): string {
  return `sqlite:${join(folder, 'results.sqlite')}`;
}
