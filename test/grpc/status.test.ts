import { invalidField } from '../../src/domain/errors';
import { toServiceError, toStatus } from '../../src/grpc/status';
import { describeError } from '../support/refusal';

test.each(['', 'x', 'xx', 'xxx'])(
  'a long message is cut between characters, so that it can be sent (after %p)',
  (before) => {
    const { message } = describeError(toServiceError(toStatus(invalidField('f', before + '😀'.repeat(1_000)))));
    expect(() => encodeURI(message)).not.toThrow(); // as grpc-js does
    expect(message).toMatch(/😀$/u);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1_000);
  },
);
