import cluster, { type Worker } from 'node:cluster';
import { setMaxListeners } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Failure } from './failure';

/** The pause before a process that has ended is started again. Each pause is twice as long as the one before. */
const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** Once a process has listened for this long, its next pause is the shortest again. */
const MIN_STEADY_MS = 60_000;

/** How long a stopping process has beyond the grace of its calls: to decide queued writes and to close the database. */
const STOP_MARGIN_MS = 5_000;

/** Says to a process of the group where to listen. */
const PORT_VARIABLE = 'TASKRESULTS_GROUP_PORT';

/** The failure of a process of the group that cannot start or stop. The first process reports it. */
type ReportedFailure = Pick<Failure, 'message' | 'exitCode'>;

/** How a process came to its end. */
interface Ending {
  pid?: number;
  code: number | null;
  signal: NodeJS.Signals | null;
  failure?: ReportedFailure;
  listenedMs: number;
}

/**
 * Several processes on one port, by the rules of node:cluster: connections are handed to them one after another. This
 * process serves nobody: it starts the others, starts them again when they end by themselves, and ends them. The
 * reasons are in docs/decisions/processes.md.
 */
export class ProcessGroup {
  /**
   * Resolves once each has listened. Rejects with a Failure when one cannot start that has not listened yet: a
   * server of one process could not start either.
   */
  readonly listening: Promise<unknown>;
  readonly #ended: Promise<unknown>;
  readonly #workers = new Set<Worker>();
  readonly #stopping = new AbortController();

  constructor(
    count: number,
    private readonly port: number,
    private readonly graceMs: number,
    private readonly log: Logger,
  ) {
    setMaxListeners(count, this.#stopping.signal); // a pause of each
    // Whatever ends this process, other than SIGKILL. After SIGKILL, node:cluster ends the others.
    process.once('exit', () => this.#kill('SIGKILL'));
    const ended: Promise<void>[] = [];
    const listening = Array.from(
      { length: count },
      () => new Promise<void>((resolve, reject) => ended.push(this.#keepOne(resolve).catch(reject))),
    );
    this.listening = Promise.all(listening);
    this.#ended = Promise.all(ended);
  }

  /** Resolves when all have ended: by themselves or, once the grace and a margin are over, by SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#kill('SIGTERM');
    const timer = setTimeout(() => {
      const pids = [...this.#workers].map((worker) => worker.process.pid);
      this.log.error({ pids }, 'processes that did not stop in time are killed');
      this.#kill('SIGKILL');
    }, this.graceMs + STOP_MARGIN_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  #kill(signal: NodeJS.Signals): void {
    for (const worker of this.#workers) worker.process.kill(signal);
  }

  /** Keeps one process running until the group stops. Throws when the first one cannot start. */
  async #keepOne(onListening: () => void): Promise<void> {
    const { signal: stopping } = this.#stopping;
    let hasListened = false;
    let pauseMs = MIN_PAUSE_MS;
    while (!stopping.aborted) {
      const { failure, listenedMs, ...ending } = await this.#runOne(onListening);
      const listened = listenedMs > 0;
      if (stopping.aborted) {
        if (failure && listened) this.log.error({ ...ending, reason: failure.message }, 'a process failed to stop');
        return;
      }
      hasListened ||= listened;
      if (failure && !hasListened) throw new Failure(failure.message, failure.exitCode);
      if (ending.code && !hasListened) throw new Failure('a process of the group crashed at its start', ending.code);
      if (listenedMs >= MIN_STEADY_MS) pauseMs = MIN_PAUSE_MS;
      this.log.error({ ...ending, reason: failure?.message, pauseMs }, 'a process has ended; it is started again');
      await delay(pauseMs, undefined, { signal: stopping }).catch(() => {});
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
    }
  }

  async #runOne(onListening: () => void): Promise<Ending> {
    let worker: Worker;
    try {
      worker = cluster.fork({ [PORT_VARIABLE]: String(this.port) });
    } catch (error) {
      return { code: null, signal: null, failure: new Failure((error as Error).message), listenedMs: 0 };
    }
    this.#workers.add(worker);
    let listensSince = Number.POSITIVE_INFINITY;
    let failure: ReportedFailure | undefined;
    worker.once('listening', () => {
      listensSince = performance.now();
      onListening();
    });
    worker.once('message', (message: ReportedFailure) => {
      failure = message;
    });
    worker.on('error', (error) => {
      // One that runs has only ended too early to be given a connection, or a signal.
      if (worker.process.pid === undefined) failure = new Failure(error.message);
    });
    // Not `exit`, which may come before the last message of the process.
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
      worker.process.once('close', (...how) => resolve(how));
    });
    this.#workers.delete(worker);
    const listenedMs = Math.max(0, performance.now() - listensSince);
    return { pid: worker.process.pid, code, signal, failure, listenedMs };
  }
}

/** A port that is free now, or 0 if there is none: a process that is started again must get the port of the others. */
export function freePort(host: string): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(0));
    server.listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** The port on which this process is to listen if it is one of a group; otherwise null. */
export function portOfGroup(): number | null {
  const port = process.env[PORT_VARIABLE];
  return cluster.isWorker && port !== undefined ? Number(port) : null; // it may be a worker of somebody else's
}

/** Ends this process of a group; the first one says why. */
export function endWithFailure({ message, exitCode }: Failure): void {
  const report: ReportedFailure = { message, exitCode };
  process.send?.(report, () => process.exit(exitCode));
}
