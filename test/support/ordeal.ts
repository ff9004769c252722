import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

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

/**
 * Runs `attack` while the memory of the process is looked at, and its health is asked for.
 * Then waits until its memory is within `marginMb` of what it was, for `settleMs` at most.
 */
export async function measured(
  { pid, port }: { pid: number; port: number },
  attack: () => Promise<void>,
  { marginMb = 100, settleMs = 60_000 } = {},
): Promise<Figures> {
  const figures: Figures = { before: residentMb(pid), peak: 0, after: 0, slowestCheckMs: 0 };
  const probe = new Worker(join(__dirname, 'health-probe.js'), { workerData: { port } });
  probe.on('message', (ms: number) => {
    figures.slowestCheckMs = Math.max(figures.slowestCheckMs, ms);
  });
  const failed = new Promise<never>((_resolve, reject) => probe.on('error', reject));
  await Promise.race([once(probe, 'message'), failed]);
  const sampling = setInterval(() => {
    figures.peak = Math.max(figures.peak, residentMb(pid));
  }, SAMPLE_MS);
  try {
    await Promise.race([attack(), failed]);
    const deadline = Date.now() + settleMs;
    while (residentMb(pid) > figures.before + marginMb && Date.now() < deadline) await delay(SAMPLE_MS);
  } finally {
    clearInterval(sampling);
    await probe.terminate();
  }
  figures.after = residentMb(pid);
  return figures;
}

function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}
