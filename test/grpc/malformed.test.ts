import { GetTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf } from '../support/calls';
import { refusal } from '../support/refusal';
import { RPC_NAMES, RPCS, type RpcName, sendBytes } from '../support/rpcs';
import { startOn, type TestService } from '../support/service';

/** Bytes that are no protobuf message at all. */
const GARBAGE: Record<string, number[]> = {
  'a text that ends early': [0x0a, 0x7f, 0x61],
  'a tag that ends early': [0x80],
  'a number that never ends': [0x08, ...Array(11).fill(0xff)],
  'a wire type that does not exist': [0x0f],
  'a group that is not closed': [0x0b, 0x08, 0x01],
  'the end of a group that was not opened': [0x0c, 0x08, 0x01],
  'field number 0': [0x00, 0x01],
  'a field with bytes beyond the end': [0x7a, 0xff, 0xff, 0xff, 0xff, 0x0f],
};

const MIB = 1024 * 1024;

const WITH_TEXT_FIRST: RpcName[] = [
  ...(['CreateTaskResult', 'StartAttempt', 'RenewLease', 'FinishAttempt', 'FailTaskResult'] as const),
  ...(['DeleteTaskResult', 'GetTaskResult', 'BatchGetTaskResults', 'RefreshTaskResult', 'WaitTaskResult'] as const),
];

describe('a malformed message', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn('sqlite');
  });
  afterAll(() => service?.stop());

  const MALFORMED = { code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', message: 'the message is malformed' };

  describe.each(RPC_NAMES)('%s', (name) => {
    test.each(Object.entries(GARBAGE))('%s', async (_what, bytes) => {
      expect(await refusal(sendBytes(service, name, Buffer.from(bytes)))).toMatchObject(MALFORMED);
    });

    test('a good message with garbage behind', async () => {
      const { message, method, good } = RPCS[name];
      const bytes = method.requestSerialize(message.fromPartial(good('x')) as never);
      const longer = Buffer.concat([bytes, Buffer.from([0x00, 0xff])]);
      expect(await refusal(sendBytes(service, name, longer))).toMatchObject(MALFORMED);
    });
  });

  test.each(WITH_TEXT_FIRST)('%s: a text that is not UTF-8', async (name) => {
    for (const text of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0x80, 0x80, ...Array(200).fill(0x61)]]) {
      const bytes = Buffer.from([0x0a, text.length, ...(text.length > 127 ? [1] : []), ...text]);
      expect(await refusal(sendBytes(service, name, bytes))).toMatchObject(MALFORMED);
    }
  });

  test.each(RPC_NAMES.filter((name) => name !== 'RecordTransitions'))(
    '%s: more than 8 MiB is not read at all',
    async (name) => {
      const bytes = Buffer.concat([Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x04]), Buffer.alloc(8 * MIB)]);
      expect((await refusal(sendBytes(service, name, bytes))).code).toBe('RESOURCE_EXHAUSTED');
    },
  );

  test('fields that this version does not know are no mistake', async () => {
    await callsOf(service).create('known');
    const unknown = Buffer.from([0xfa, 0x01, 0x03, 0x61, 0x62, 0x63, 0x80, 0x02, 0x07]);
    const bytes = Buffer.concat([
      unknown,
      GetTaskResultRequest.encode(GetTaskResultRequest.fromPartial({ id: 'known' })).finish(),
      unknown,
    ]);
    expect(await sendBytes(service, 'GetTaskResult', bytes)).toMatchObject({ taskResult: { id: 'known' } });
  });
});
