import type { Command } from '../../src/domain/command';
import { create, fail, failAttempt, remove, renew, reported, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { fresh } from '../support/fresh';
import { KEPT, type TemporaryStore } from '../support/temporary-store';

/** Batches of commands, one caller at a time. */
export function describeTransact(opened: () => TemporaryStore): void {
  const transact = async (...commands: Parameters<TemporaryStore['store']['transact']>[0]) =>
    outcomes(await opened().store.transact(commands));
  const read = async (id: string) => (await opened().store.read([id], 'FULL'))[0];

  test('a refused command fails alone', async () => {
    const [one, other] = [fresh(), fresh()];
    expect(await transact(create(one), start(fresh('missing')), create(other), succeed(other))).toEqual([
      'changed',
      'TASK_RESULT_DOES_NOT_EXIST',
      'changed',
      'ILLEGAL_TRANSITION',
    ]);
    expect(await read(one)).toMatchObject({ revision: 1 });
    expect(await read(other)).toMatchObject({ revision: 1, status: 'READY' });
  });

  test('commands for one id in one batch follow each other', async () => {
    const id = fresh();
    const whole = [
      create(id),
      start(id, 'w1'),
      failAttempt(id, 1, { retry: true }),
      start(id, 'w2'),
      succeed(id, 2, '7'),
    ];
    expect(await transact(...whole)).toEqual(whole.map(() => 'changed'));
    expect(await read(id)).toMatchObject({
      status: 'SUCCESSFUL',
      revision: 5,
      workerIds: ['w1', 'w2'],
      errors: [{ attempt: 1, workerId: 'w1' }],
      returnValueJson: '7',
    });
  });

  test('two rivals for one id in one batch: the first one wins', async () => {
    const id = fresh();
    await transact(create(id));
    expect(await transact(start(id, 'w1'), start(id, 'w2'))).toEqual(['changed', 'ATTEMPT_IN_PROGRESS']);
    expect(await read(id)).toMatchObject({ workerIds: ['w1'], revision: 2 });
  });

  test('decisions hold the state that the batch left at their place', async () => {
    const id = fresh();
    const begin = start(id, 'w1', { requestId: 'r1' });
    const decisions = await opened().store.transact([create(id), begin, begin, succeed(id)]);
    expect(decisions.map((d) => ('state' in d ? d.state?.revision : null))).toEqual([1, 2, 2, 3]);
  });

  test('states survive between transactions: a repeated call is known, a finished result is closed', async () => {
    const id = fresh();
    const begin = (n: number) => start(id, `w${n}`, { requestId: `r${n}` });
    const history = [create(id), begin(1), failAttempt(id, 1, { retry: true }), begin(2), succeed(id, 2)];
    for (const command of history) {
      expect(await transact(command)).toEqual(['changed']);
      const before = await read(id);
      expect(await transact(command)).toEqual(['unchanged']);
      expect(await read(id)).toEqual(before);
    }
    expect(await transact(start(id, 'w3'), fail(id), failAttempt(id, 2))).toEqual(Array(3).fill('ILLEGAL_TRANSITION'));
  });

  test('an error without any attempt belongs to attempt 0 and no worker', async () => {
    const id = fresh();
    await transact(create(id));
    await transact(fail(id, reported('no such module')));
    expect(await read(id)).toMatchObject({ status: 'FAILED', errors: [{ attempt: 0, workerId: '' }], workerIds: [] });
  });

  test('a lease that is renewed keeps the revision, and is kept', async () => {
    const { clock } = opened();
    const id = fresh();
    await transact(create(id), start(id, 'w1', { lease: 1_000 }));
    expect(await transact(renew(id, 1, 60_000_000))).toEqual(['changed']);
    expect(await read(id)).toMatchObject({ revision: 2 });
    clock.now += 30_000_000;
    expect(await transact(start(id, 'w2'))).toEqual(['ATTEMPT_IN_PROGRESS']);
    clock.now += 30_000_000;
    expect(await transact(start(id, 'w2'))).toEqual(['changed']);
    expect(await read(id)).toMatchObject({ workerIds: ['w1', 'w2'], errors: [{ attempt: 1, workerId: 'w1' }] });
  });

  test('a delete leaves nothing, and the id is free again', async () => {
    const id = fresh();
    await transact(
      create(id, { argsJson: '[1]', metadata: { a: 'b' } }),
      start(id),
      failAttempt(id, 1, { retry: true }),
    );
    expect(await transact(remove(id))).toEqual(['deleted']);
    expect(await read(id)).toBeUndefined();
    expect(await transact(remove(id), remove(id, { allowMissing: true }))).toEqual([
      'TASK_RESULT_DOES_NOT_EXIST',
      'unchanged',
    ]);
    expect(await transact(create(id), start(id, 'w9'), failAttempt(id, 1))).toEqual(Array(3).fill('changed'));
    expect(await read(id)).toMatchObject({ revision: 3, workerIds: ['w9'], errors: [{ attempt: 1 }], metadata: {} });
  });

  test('what the requests of deleted attempts started is forgotten with them', async () => {
    const id = fresh();
    const begin = start(id, 'w1', { requestId: 'r1' });
    await transact(create(id), begin);
    expect(await transact(remove(id), create(id), begin)).toEqual(['deleted', 'changed', 'changed']);
    expect(await transact(begin)).toEqual(['unchanged']);
    await transact(remove(id));
    expect(await transact(create(id))).toEqual(['changed']);
    expect(await transact(begin)).toEqual(['changed']);
  });

  test('a late repetition of a start is known, in whatever batch', async () => {
    const { store, rival } = opened();
    const id = fresh();
    const begin = (n: number) => start(id, 'w1', { requestId: `r${n}` });
    const giveBack = (n: number) => failAttempt(id, n, { retry: true });
    await store.transact([create(id), begin(1), giveBack(1), begin(2), giveBack(2)]);
    for (const one of [store, rival, store]) {
      expect(outcomes(await one.transact([begin(1), begin(2)]))).toEqual(['STALE_ATTEMPT', 'unchanged']);
    }
    expect(await transact(begin(3), begin(3), begin(2), begin(1))).toEqual([
      'changed',
      'unchanged',
      'STALE_ATTEMPT',
      'STALE_ATTEMPT',
    ]);
    expect((await read(id))?.workerIds).toEqual(['w1', 'w1', 'w1']);
  });

  test('each creation of an id has a higher incarnation, and keeps it', async () => {
    const { store, rival } = opened();
    const id = fresh();
    const seen: number[] = [];
    for (let n = 0; n < 6; n++) {
      const one = n % 2 ? rival : store;
      const [created, started] = await one.transact([create(id, { argsJson: `[${n}]` }), start(id)]);
      const states = [created, started].flatMap((decision) =>
        decision && 'state' in decision ? [decision.state] : [],
      );
      const { incarnation = 0 } = (await read(id)) ?? {};
      expect(states.map((state) => state?.incarnation)).toEqual([incarnation, incarnation]);
      expect((await store.outline([id]))[0]?.incarnation).toBe(incarnation);
      const [finished] = await one.transact([succeed(id)]);
      expect(finished).toMatchObject({ state: { incarnation } });
      seen.push(incarnation);
      if (n % 3) await one.transact([remove(id)]);
      else expect(outcomes(await one.transact([remove(id), create(id), remove(id)]))).toContain('changed');
    }
    expect(seen.every((incarnation) => incarnation > 0)).toBe(true);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });

  test('delete and create anew in one batch', async () => {
    const id = fresh();
    await transact(create(id, { metadata: { old: '1' } }), start(id), failAttempt(id, 1, { retry: true }), start(id));
    const batch = [remove(id), create(id, { argsJson: '["new"]', metadata: { new: '2' } }), start(id, 'w2')];
    expect(await transact(...batch)).toEqual(['deleted', 'changed', 'changed']);
    expect(await read(id)).toMatchObject({
      argsJson: '["new"]',
      revision: 2,
      workerIds: ['w2'],
      errors: [],
      metadata: { new: '2' },
    });
  });

  test('create and delete in one batch leave nothing', async () => {
    const id = fresh();
    expect(await transact(create(id), start(id), remove(id))).toEqual(['changed', 'changed', 'deleted']);
    expect(await read(id)).toBeUndefined();
    expect(await transact(create(id), start(id, 'w2'))).toEqual(['changed', 'changed']);
  });

  test('create and delete in one batch, of an id that is taken', async () => {
    const [same, other] = [fresh(), fresh()];
    await transact(create(same), create(other));
    const batch = [create(same), remove(same), create(other, { argsJson: '["other"]' }), remove(other)];
    expect(await transact(...batch)).toEqual(['unchanged', 'deleted', 'TASK_RESULT_EXISTS', 'deleted']);
    expect(await opened().store.read([same, other], 'BASIC')).toEqual([]);
  });

  test('a batch of 256 commands', async () => {
    const ids = Array.from({ length: 64 }, () => fresh());
    const batch = ids.flatMap((id) => [
      create(id, { metadata: { a: '1', b: '2' } }),
      start(id),
      failAttempt(id, 1, { retry: true }),
      start(id),
    ]);
    expect(new Set(await transact(...batch))).toEqual(new Set(['changed']));
    const results = await opened().store.read(ids, 'FULL');
    expect(results).toHaveLength(64);
    for (const { revision, workerIds, errors } of results) {
      expect([revision, workerIds.length, errors.length]).toEqual([4, 2, 1]);
    }
  });

  test('moves of many kinds and sizes in one batch: what is stored is what was decided', async () => {
    const ids = Array.from({ length: 200 }, () => fresh());
    const { store } = opened();
    await store.transact([...ids.map((id) => create(id)), ...ids.map((id, i) => start(id, 'w', { lease: 1_000 + i }))]);
    const moves = ids.map((id, i): Command => {
      const error = reported('e'.repeat(i), 'é'.repeat(i));
      if (i % 4 === 0) return succeed(id, 1, `${10 ** (i % 17)}`);
      if (i % 4 === 1) return start(id, `w${i}`, { lease: 5_000_000 + i, force: true, requestId: 'r' });
      return failAttempt(id, 1, { error, retry: i % 4 === 2 });
    });
    const statesAfter = async () =>
      (await store.transact(moves)).map((decision) => [decision.kind, 'state' in decision && decision.state]);
    const decided = await statesAfter();
    // The same calls again find their own work, and answer what is in the table.
    expect(await statesAfter()).toEqual(decided.map(([, state]) => ['unchanged', state]));
    expect(new Set(decided.map(([kind]) => kind))).toEqual(new Set(['changed']));
  });

  test('256 results with 32 labels each in one batch, and each of them changed in another', async () => {
    const ids = Array.from({ length: 256 }, () => fresh());
    const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`name ${i}`, `value ${i}`]));
    const all = new Set(['changed']);
    expect(new Set(await transact(...ids.map((id) => create(id, { metadata }))))).toEqual(all);
    expect(new Set(await transact(...ids.map((id) => start(id))))).toEqual(all);
    expect(new Set(await transact(...ids.map((id) => failAttempt(id))))).toEqual(all);
    const results = await opened().store.read(ids, 'FULL');
    expect(results).toHaveLength(256);
    for (const result of results) expect(result).toMatchObject({ revision: 3, metadata, errors: [{ attempt: 1 }] });
    expect(new Set(await transact(...ids.map((id) => remove(id))))).toEqual(new Set(['deleted']));
  });

  test('expired: finished results whose time has come, and no others', async () => {
    const { store, clock } = opened();
    const [soon, later, running] = [fresh('expired'), fresh('expired'), fresh('expired')];
    await transact(create(soon), create(later), create(running), start(running), fail(soon));
    clock.now += 1_000;
    await transact(fail(later));
    const [first, second] = [(await read(soon))?.expiresAt as number, (await read(later))?.expiresAt as number];
    expect(first).toBe(((await read(soon))?.finishedAt as number) + KEPT);
    const mine = async (now: number) =>
      (await store.expired(now, 1_000)).map(({ id }) => id).filter((id) => [soon, later, running].includes(id));
    expect(await mine(first - 1)).toEqual([]);
    expect(await mine(first)).toEqual([soon]);
    expect(new Set(await mine(second))).toEqual(new Set([soon, later]));
    expect(await store.expired(second, 1)).toHaveLength(1);
  });
}
