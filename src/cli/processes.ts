import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Failure } from './failure';

/** Before a process that ended by itself is started again. */
const RESTART_PAUSE_MS = 1_000;

/** What a process of the group tells the first one when it listens. */
interface Listening {
  port: number;
}

/**
 * Several processes on one port: connections are handed to them in turn. This one only starts them, starts them again when
 * they end by themselves, and ends them.
 */
export class ProcessGroup {
  #stopping = false;

  private constructor(
    readonly port: number,
    private readonly log: Logger,
  ) {
    cluster.on('exit', (worker, code, signal) => void this.#onExit(worker, code, signal));
  }

  /** Resolves once all listen. Throws when one of them cannot start: it has said why. */
  static async start(count: number, log: Logger): Promise<ProcessGroup> {
    const ports = await Promise.all(Array.from({ length: count }, () => untilListening(cluster.fork())));
    return new ProcessGroup(ports[0] as number, log);
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    await Promise.all(
      workers.map((worker) => {
        const exited = once(worker, 'exit');
        worker.process.kill('SIGTERM');
        return exited;
      }),
    );
  }

  async #onExit(worker: Worker, code: number | null, signal: string | null): Promise<void> {
    if (this.#stopping) return;
    this.log.error({ pid: worker.process.pid, code, signal }, 'a process has ended; it is started again');
    await delay(RESTART_PAUSE_MS);
    if (!this.#stopping) cluster.fork();
  }
}

/** Whether this process is one of a group. */
export function isOneOfGroup(): boolean {
  return cluster.isWorker;
}

/** Tells the first process of the group that this one listens. */
export function tellListening(port: number): void {
  const message: Listening = { port };
  process.send?.(message);
}

async function untilListening(worker: Worker): Promise<number> {
  const first = await Promise.race([once(worker, 'message'), once(worker, 'exit').then(() => null)]);
  if (first === null) throw new Failure('a process of the group could not start');
  return (first[0] as Listening).port;
}
