import { GetTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { encodeInPlace } from '../../../src/grpc/codec/encode-in-place';
import { encodeOnce } from '../../../src/grpc/codec/encode-once';

const message = (id: string) => GetTaskResultRequest.fromPartial({ id, expectedTaskPath: 'app.tasks.a' });
const generated = (id: string) => Buffer.from(GetTaskResultRequest.encode(message(id)).finish());

test('one object is encoded once, another that says the same is not the same', () => {
  const made: object[] = [];
  const once = encodeOnce(GetTaskResultRequest, ({ id }: { id: string }) => {
    const request = message(id);
    made.push(request);
    return request;
  });
  const object = { id: 'a' };
  expect(once(object)).toBe(once(object));
  expect(once({ id: 'a' })).toEqual(once(object));
  expect(made).toHaveLength(2);
  encodeInPlace(GetTaskResultRequest, message('something else'));
  expect(once(object)).toEqual(generated('a'));
});
