import { Metadata } from '@grpc/grpc-js';
import { GetTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf, createRequest } from '../support/calls';
import { describeError, refusal, refused } from '../support/refusal';
import { RPC_NAMES, RPCS, sendBytes } from '../support/rpcs';
import { call, startOn, type TestService } from '../support/service';

const FULL = 'full-token';
const READ = 'read-token';
const UNAUTHENTICATED = 'UNAUTHENTICATED UNAUTHENTICATED';
const DENIED = 'PERMISSION_DENIED PERMISSION_DENIED';

function bearing(value: string | undefined): Metadata {
  const metadata = new Metadata();
  if (value !== undefined) metadata.set('authorization', value);
  return metadata;
}

describe('with tokens', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn('sqlite', { tokens: { full: FULL, readOnly: READ } });
    await create(`Bearer ${FULL}`, 'known');
  });
  afterAll(() => service?.stop());

  const create = (authorization: string | undefined, id: string) =>
    call((done) => service.writes.createTaskResult(createRequest({ id }), bearing(authorization), done));
  const get = (authorization: string | undefined) =>
    call((done) =>
      service.reads.getTaskResult(GetTaskResultRequest.fromPartial({ id: 'known' }), bearing(authorization), done),
    );

  test('the full token may do everything, whatever the case of its scheme', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      await create(`${scheme} ${FULL}`, 'known');
      await get(`${scheme} ${FULL}`);
    }
  });

  test('the token for reading may read, and not write', async () => {
    await get(`Bearer ${READ}`);
    expect(await refused(create(`Bearer ${READ}`, 'other'))).toBe(DENIED);
    expect(await refused(get(`Bearer ${FULL} `).then(() => get('Bearer no')))).toBe(UNAUTHENTICATED);
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    FULL,
    `Basic ${FULL}`,
    `Bearer ${FULL}x`,
    'Bearer full-toke',
    'Bearer Full-token',
  ])('not with %s', async (authorization) => {
    expect(await refused(get(authorization))).toBe(UNAUTHENTICATED);
    expect(await refused(create(authorization, 'other'))).toBe(UNAUTHENTICATED);
  });

  test.each(RPC_NAMES)('%s asks for a token, before it looks at the request', async (name) => {
    const { message, method, good } = RPCS[name];
    const bytes = method.requestSerialize(message.fromPartial(good('known')) as never);
    for (const request of [bytes, Buffer.from([0x0a, 0x7f])]) {
      expect(await refused(sendBytes(service, name, request))).toBe(UNAUTHENTICATED);
    }
  });

  test('a refusal does not repeat the token', async () => {
    const { message } = await refusal(get('Bearer s3cr3t'));
    expect(message).not.toContain('s3cr3t');
  });

  test('RecordTransitions needs the full token', async () => {
    const stream = service.writes.recordTransitions(bearing(`Bearer ${READ}`));
    const error = await new Promise((resolve) => stream.on('error', resolve).on('data', resolve));
    expect(describeError(error as never)).toMatchObject({ code: 'PERMISSION_DENIED', reason: 'PERMISSION_DENIED' });
  });
});

test('with a token for everything alone, nothing else is good', async () => {
  const service = await startOn('sqlite', { tokens: { full: FULL, readOnly: null } });
  try {
    const get = (authorization: string) =>
      call((done) =>
        service.reads.getTaskResult(GetTaskResultRequest.fromPartial({ id: 'x' }), bearing(authorization), done),
      );
    expect(await refused(get(`Bearer ${READ}`))).toBe(UNAUTHENTICATED);
    expect(await refused(get('Bearer null'))).toBe(UNAUTHENTICATED);
    expect(await refused(get(`Bearer ${FULL}`))).toBe('NOT_FOUND TASK_RESULT_DOES_NOT_EXIST');
  } finally {
    await service.stop();
  }
});

test('with a token for reading alone, nobody may write', async () => {
  const service = await startOn('sqlite', { tokens: { full: null, readOnly: READ } });
  try {
    const create = (metadata: Metadata) =>
      call((done) => service.writes.createTaskResult(createRequest({ id: 'x' }), metadata, done));
    expect(await refused(create(bearing(undefined)))).toBe(UNAUTHENTICATED);
    expect(await refused(create(bearing(`Bearer ${FULL}`)))).toBe(UNAUTHENTICATED);
    expect(await refused(create(bearing(`Bearer ${READ}`)))).toBe(DENIED);
    expect(await refused(callsOf(service).get('x'))).toBe(UNAUTHENTICATED);
  } finally {
    await service.stop();
  }
});

test('without tokens everybody may do everything', async () => {
  const service = await startOn('sqlite');
  try {
    await callsOf(service).create('a');
    expect((await callsOf(service).get('a')).id).toBe('a');
  } finally {
    await service.stop();
  }
});
