import { GetTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { encodeInPlace } from '../../../src/grpc/codec/encode-in-place';

const message = (id: string) => GetTaskResultRequest.fromPartial({ id, expectedTaskPath: 'app.tasks.a' });
const generated = (id: string) => Buffer.from(GetTaskResultRequest.encode(message(id)).finish());

test('messages of all sizes, one after the other, are what the generated code makes of them', () => {
  const ids = ['', 'a', 'ä'.repeat(100), 'x'.repeat(3 * 1024 * 1024), 'b', 'é'.repeat(70_000), 'c'];
  // Compared at once: the next one writes over it.
  const same = ids.map((id) => encodeInPlace(GetTaskResultRequest, message(id)).equals(generated(id)));
  expect(same).toEqual(ids.map(() => true));
});

test('a message that cannot be written leaves nothing behind', () => {
  const broken = { ...message('half written'), view: 2 ** 40 };
  expect(() => encodeInPlace(GetTaskResultRequest, broken)).toThrow('int32');
  expect(encodeInPlace(GetTaskResultRequest, message('a'))).toEqual(generated('a'));
});
