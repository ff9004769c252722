import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { frame, WireClient } from './wire';

/** What a server process went through. */
export interface Figures {
  /** Resident memory in MB: before, at its highest, and at the end. */
  before: number;
  peak: number;
  after: number;
  /** The slowest health check, in ms. */
  slowestCheckMs: number;
}

const SAMPLE_MS = 50;
const HEALTH_CHECK = '/grpc.health.v1.Health/Check';

/**
 * Runs `attack` while the memory of the process is looked at, and its health is asked for on a connection of its own.
 * Then waits until its memory is within `marginMb` of what it was, for `settleMs` at most.
 */
export async function measured(
  { pid, port }: { pid: number; port: number },
  attack: () => Promise<void>,
  { marginMb = 100, settleMs = 60_000 } = {},
): Promise<Figures> {
  const client = await WireClient.connect(port);
  const figures: Figures = { before: residentMb(pid), peak: 0, after: 0, slowestCheckMs: 0 };
  let isOver = false;
  const check = async () => {
    const start = performance.now();
    const ended = await client.call(HEALTH_CHECK, { body: frame(Buffer.alloc(0)) }).read().ended;
    figures.slowestCheckMs = Math.max(figures.slowestCheckMs, Math.round(performance.now() - start));
    if (ended !== 'OK') throw new Error(`a health check was answered ${ended}`);
  };
  const checking = repeat(check, () => isOver);
  const sampling = repeat(
    async () => {
      figures.after = residentMb(pid);
      figures.peak = Math.max(figures.peak, figures.after);
    },
    () => isOver,
  );
  try {
    await Promise.race([attack(), checking, sampling]);
    const deadline = Date.now() + settleMs;
    while (residentMb(pid) > figures.before + marginMb && Date.now() < deadline) await delay(SAMPLE_MS);
  } finally {
    isOver = true;
    await Promise.all([checking, sampling]);
    client.close();
  }
  return figures;
}

async function repeat(action: () => Promise<void>, until: () => boolean): Promise<void> {
  while (!until()) {
    await action();
    await delay(SAMPLE_MS);
  }
}

export function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}
