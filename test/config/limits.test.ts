import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes, parseBytes } from '../../src/config/units';
import * as limits from '../../src/domain/limits';

const ROOT = join(__dirname, '../..');

/** Text of comments and documents: one line, without the marks of comments, so that it may be wrapped anywhere. */
function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8').replaceAll(/\s*\n\s*(\/\/ )?/g, ' ');
}

const { bytes, count, duration } = require('../../docs/limits-table.js');
const lease = `${duration(limits.MIN_LEASE)} to ${duration(limits.MAX_LEASE)}`;
const labels =
  `up to ${limits.MAX_LABELS}, names of 1 to ${limits.MAX_LABEL_NAME_LENGTH} characters, ` +
  `values of up to ${limits.MAX_LABEL_VALUE_LENGTH}`;
const json = `Up to ${bytes(limits.CONFIGURABLE.maxJsonSize.usual)} (configurable)`;

test.each([
  ['task_result', `1 to ${limits.MAX_ID_LENGTH} characters, opaque`],
  ['task_result', `1 to ${limits.MAX_NAME_LENGTH} characters`],
  ['task_result', `at most ${count(limits.MAX_CLASS_PATH_LENGTH)} characters are kept`],
  ['task_result', `At most ${bytes(limits.MAX_ERROR_MESSAGE_SIZE)} of UTF-8`],
  ['task_result', `At most ${bytes(limits.CONFIGURABLE.maxTracebackSize.usual)} (configurable)`],
  ['task_result', `At most ${count(limits.MAX_ATTEMPTS)}. 0: ${limits.DEFAULT_MAX_ATTEMPTS}.`],
  [
    'task_result',
    `fit into ${bytes(limits.MAX_ERRORS_SIZE)}, where each counts ${bytes(limits.ERROR_OVERHEAD)} besides`,
  ],
  ['task_result', `fit into ${bytes(limits.MAX_WORKER_IDS_SIZE)}: all of them`],
  ['task_result', `at most ${bytes(limits.MAX_BASIC_ERROR_MESSAGE_SIZE)} of its message`],
  ['task_result', `below ${bytes(limits.CLIENTS_MESSAGE_SIZE)}, which clients accept by default`],
  ['task_result', labels],
  ['task_lifecycle_service', labels],
  ['task_lifecycle_service', json],
  ['task_lifecycle_service', `1 to ${limits.MAX_ID_LENGTH} characters, opaque`],
  ['task_lifecycle_service', `1 to ${limits.CONFIGURABLE.maxWorkerIdLength.usual} characters`],
  ['task_lifecycle_service', lease],
  ['task_lifecycle_service', `up to ${limits.MAX_NAME_LENGTH} characters that nobody else uses`],
  ['task_lifecycle_service', `up to ${count(limits.MAX_MORE_TRANSITIONS)}`],
  ['task_result_service', `1 to ${count(limits.MAX_IDS)} ids`],
  ['task_result_service', `1 to ${count(limits.MAX_IDS)} results`],
  ['task_result_service', `min(timeout, ${duration(limits.MAX_WAIT)}`],
  [
    'task_result_service',
    `Default ${duration(limits.DEFAULT_HEARTBEAT)}, ${duration(limits.MIN_HEARTBEAT)} to ${duration(limits.MAX_HEARTBEAT)}`,
  ],
  ['task_result_service', `0: ${limits.DEFAULT_PAGE_SIZE}. Not negative, not above ${count(limits.MAX_PAGE_SIZE)}`],
  ['task_result_service', `larger than ${bytes(limits.CLIENTS_MESSAGE_SIZE)} comes in the BASIC view even`],
  ['task_result_service', `would pass ${bytes(limits.MAX_ANSWER_SIZE)}`],
])('%s.proto says: %s', (name, words) => {
  expect(textOf(`proto/taskresults/v1/${name}.proto`)).toContain(words);
});

test.each([
  `messages to ${bytes(limits.MAX_ERROR_MESSAGE_SIZE)}`,
  `tracebacks to ${bytes(limits.CONFIGURABLE.maxTracebackSize.usual)}`,
  `class names to ${count(limits.MAX_CLASS_PATH_LENGTH)} characters`,
])('the rules of the SDKs say: %s', (words) => {
  expect(textOf('sdk/README.md')).toContain(words);
});

test.each([
  [0, '0'],
  [100, '100B'],
  [1_536, '1536B'],
  [2_048, '2KiB'],
  [8 * 1024 ** 2, '8MiB'],
])('%d bytes are written %s, and read back', (size, text) => {
  expect(formatBytes(size)).toBe(text);
  expect(parseBytes(text)).toBe(size);
});
