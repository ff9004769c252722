const { CONFIGURABLE, ...limits } = require('../dist/domain/limits.js');
const { formatBytes } = require('../dist/config/units.js');

/** The rows of the README's table of limits: what, how much, and what becomes of more. */
function limitsRows() {
  const { maxJsonSize, maxTracebackSize, maxMessageSize, maxWatches, maxWatchedIds, maxConnections, maxCallMemory } =
    CONFIGURABLE;
  const refused = (what, limit) => [what, limit, 'refused'];
  const labelTexts = `names of ${limits.MAX_LABEL_NAME_LENGTH}, values of ${characters(limits.MAX_LABEL_VALUE_LENGTH)}`;
  const heartbeats = `${duration(limits.MIN_HEARTBEAT)} to ${duration(limits.MAX_HEARTBEAT)}`;
  return [
    refused('`args_json` and `kwargs_json` together', setting(maxJsonSize)),
    refused('`return_value_json`', setting(maxJsonSize)),
    ['traceback', setting(maxTracebackSize), 'cut and marked: a failure must not get lost'],
    ['error message', bytes(limits.MAX_ERROR_MESSAGE_SIZE), 'cut and marked'],
    ['exception class path', characters(limits.MAX_CLASS_PATH_LENGTH), 'cut'],
    refused('attempts of one result', `${count(limits.MAX_ATTEMPTS)} (${limits.DEFAULT_MAX_ATTEMPTS} unless asked)`),
    [
      `errors of one result, each with ${bytes(limits.ERROR_OVERHEAD)} besides its texts`,
      bytes(limits.MAX_ERRORS_SIZE),
      'the oldest are dropped; `error_count` goes on',
    ],
    ['worker ids of one result', bytes(limits.MAX_WORKER_IDS_SIZE), 'only the newest are shown; `attempts` goes on'],
    ['error message in the view BASIC', bytes(limits.MAX_BASIC_ERROR_MESSAGE_SIZE), 'cut and marked'],
    refused('id', characters(limits.MAX_ID_LENGTH)),
    refused(
      'task path, queue, backend, worker id, request id',
      `${characters(limits.MAX_NAME_LENGTH)} (worker id: setting)`,
    ),
    refused('priority', `-${limits.MAX_PRIORITY} to ${limits.MAX_PRIORITY}`),
    refused('labels', `${limits.MAX_LABELS}; ${labelTexts}`),
    refused('lease', `${duration(limits.MIN_LEASE)} to ${duration(limits.MAX_LEASE)}`),
    refused('ids in one batch call or watch', count(limits.MAX_IDS)),
    refused('transitions in one message of `RecordTransitions`, besides the first', count(limits.MAX_MORE_TRANSITIONS)),
    refused('statuses in one filter, repeated ones included', count(limits.MAX_STATUSES)),
    refused('page of a list', `${count(limits.MAX_PAGE_SIZE)} results (${limits.DEFAULT_PAGE_SIZE} unless asked)`),
    ['answer with many results', bytes(limits.MAX_ANSWER_SIZE), 'shorter page, or ids named as deferred'],
    ['one result that a filter finds', bytes(limits.CLIENTS_MESSAGE_SIZE), 'it comes in the view BASIC'],
    refused('message', setting(maxMessageSize)),
    refused('fields of one message, those of messages within it included', count(limits.MAX_FIELDS)),
    refused('heartbeat of a watch', `${heartbeats} (${duration(limits.DEFAULT_HEARTBEAT)} unless asked)`),
    ['one wait', duration(limits.MAX_WAIT), 'ends as unfinished, and the caller waits again'],
    refused(
      'open watches, watched ids, per process',
      `${count(maxWatches.usual)} and ${count(maxWatchedIds.usual)} (settings)`,
    ),
    refused('connections, per process', `${count(maxConnections.usual)} (setting)`),
    refused('memory that calls hold, per process', setting(maxCallMemory)),
    refused('results that match a watch by filter', count(limits.MAX_FILTER_MATCHES)),
    refused(
      'writes waiting, per process',
      `${count(limits.MAX_WAITING_WRITES)}, or about ${bytes(limits.MAX_WAITING_SIZE)}; ` +
        'of one connection as much as is left',
    ),
    refused('reads of many results waiting, per process', `${count(limits.MAX_WAITING_READS)}, shared by connections`),
    ['wait for a row that is locked in the database', duration(limits.MAX_LOCK_WAIT), 'ends with `STORE_UNAVAILABLE`'],
  ];
}

function setting({ usual }) {
  return `${bytes(usual)} (setting)`;
}

function characters(max) {
  return `${count(max)} characters`;
}

function count(number) {
  return number.toLocaleString('en');
}

/** `1 MiB`. */
function bytes(size) {
  return formatBytes(size, ' ');
}

/** Makes text from microseconds: `7 days`, `60 s`, `1 ms`. */
function duration(micros) {
  const seconds = micros / 1_000_000;
  if (seconds < 1) return `${micros / 1_000} ms`;
  return seconds < 86_400 ? `${seconds} s` : `${seconds / 86_400} days`;
}

module.exports = { limitsRows, bytes, count, duration };
