const { Job, Queue, QueueEvents, Worker } = require('bullmq');
const { VALUE, WAIT_LIMIT_MS, answerLines, fail, load, notified } = require('./load');

/**
 * `node bullmq_bench.js <port of redis>`: BullMQ with the settings it comes with. One process; one connection for the
 * queue, one for the worker, one for the events. Jobs are fetched and finished by hand (`getNextJob`,
 * `moveToCompleted`), so that the finish is measured alone; locks are long, so that none needs renewing meanwhile.
 */
/** More than it gets through, so that no write has to wait for a job to finish. */
const STORES_PER_SECOND = { one: 5_000, many: 9_000 };
const FINISHED = 1_000;
const TOKEN = 'bench';
const FETCHES = 10;

const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };
const data = 'x'.repeat(298);

async function main() {
  const added = new Queue('added', { connection });
  const worked = new Queue('worked', { connection });
  const worker = new Worker('worked', null, { connection, lockDuration: 3_600_000 });
  worker.setMaxListeners(0); // each fetch under way listens for the end of the worker
  const events = new QueueEvents('worked', { connection });
  await Promise.all([added, worked, worker, events].map((each) => each.waitUntilReady()));

  /** Jobs that the worker holds. */
  async function makeActive(count) {
    await worked.addBulk(Array.from({ length: count }, () => ({ name: 'store', data })));
    const jobs = [];
    let asked = 0;
    await Promise.all(
      Array.from({ length: FETCHES }, async () => {
        while (asked++ < count) jobs.push(await worker.getNextJob(TOKEN, { block: false }));
      }),
    );
    if (!jobs.every(Boolean)) throw new Error('a job that was added could not be fetched');
    return jobs;
  }

  const finish = (job) => job.moveToCompleted(VALUE, TOKEN, false);

  const finished = await makeActive(FINISHED);
  await Promise.all(finished.map(finish));

  await answerLines({
    enqueue: (callers, seconds) => load(callers, seconds, () => added.add('store', data)),
    async store(callers, seconds) {
      const perSecond = callers === 1 ? STORES_PER_SECOND.one : STORES_PER_SECOND.many;
      const jobs = await makeActive(Math.ceil(perSecond * seconds));
      return load(callers, seconds, (n) => finish(jobs[n]), jobs.length);
    },
    read: (callers, seconds) =>
      load(callers, seconds, async (n) => {
        const job = await Job.fromId(worked, finished[n % FINISHED].id);
        if (job?.returnvalue !== VALUE) throw new Error('a finished job came back without its value');
      }),
    async notify(waiters, seconds) {
      return notified(waiters, seconds, async () => {
        const [job] = await makeActive(1);
        const notified = job.waitUntilFinished(events, WAIT_LIMIT_MS).then(() => performance.now());
        return { notified, write: () => finish(job) };
      });
    },
  });
}

main().catch(fail);
