import type { Micros } from './task-result';

/**
 * Every limit of what callers may send, ask for and hold open. Lengths are in characters (Unicode code points), sizes
 * in bytes of UTF-8. The README's table is made from this file, and the proto's comments are tested against it.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND: Micros = 1_000_000;
const DAY: Micros = 24 * 3_600 * SECOND;

/** The limits that a setting of the same name changes. */
export interface Limits {
  /** Size of `args_json` and `kwargs_json` together, and of `return_value_json`. More is refused. */
  readonly maxJsonSize: number;
  /** Size of a traceback. More is cut, and marked. */
  readonly maxTracebackSize: number;
  /** Length of a `worker_id`. More is refused. */
  readonly maxWorkerIdLength: number;
  /** Size of a whole incoming message. More is refused by the transport. */
  readonly maxMessageSize: number;
  /** Watches that one process has open at a time. More are refused. */
  readonly maxWatches: number;
  /** Ids in all open watches of one process together. More are refused. */
  readonly maxWatchedIds: number;
  /** Connections that one process has open at a time. More are closed. */
  readonly maxConnections: number;
  /** Size of what calls of one process hold at a time: requests, and answers on their way. More is refused. */
  readonly maxCallMemory: number;
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly usual: number;
}

/** What each of them may be set to, and what it is unless it is set. */
export const CONFIGURABLE: Readonly<Record<keyof Limits, Range>> = {
  maxJsonSize: { min: KIB, max: 256 * MIB, usual: MIB },
  maxTracebackSize: { min: KIB, max: MIB, usual: 256 * KIB },
  maxWorkerIdLength: { min: 1, max: 255, usual: 255 }, // its column is that wide
  maxMessageSize: { min: MIB, max: 1_024 * MIB, usual: 8 * MIB },
  maxWatches: { min: 1, max: 10_000_000, usual: 20_000 },
  maxWatchedIds: { min: 1, max: 1_000_000_000, usual: 1_000_000 },
  maxConnections: { min: 1, max: 1_000_000, usual: 2_000 },
  maxCallMemory: { min: 4 * MIB, max: 1_024 * 1_024 * MIB, usual: 256 * MIB },
};

/** Characters in the id of a result. */
export const MAX_ID_LENGTH = 64;
/** Characters in a task path, a queue's or backend's name, a request id. */
export const MAX_NAME_LENGTH = 255;
/** From -MAX_PRIORITY to MAX_PRIORITY, as in Django. */
export const MAX_PRIORITY = 100;

export const MAX_LABELS = 32;
export const MAX_LABEL_NAME_LENGTH = 63;
export const MAX_LABEL_VALUE_LENGTH = 255;

export const MIN_LEASE: Micros = SECOND / 1_000;
export const MAX_LEASE: Micros = 7 * DAY;
/** Attempts of one result, and how many there may be unless its creator says so. */
export const MAX_ATTEMPTS = 1_000;
export const DEFAULT_MAX_ATTEMPTS = 100;
/** The number of an attempt is an int32. */
export const MAX_ATTEMPT = 2 ** 31 - 1;

/** Characters in the class of an error. More is cut. */
export const MAX_CLASS_PATH_LENGTH = 1_000;
/** Size of an error's message. More is cut, and marked. */
export const MAX_ERROR_MESSAGE_SIZE = 64 * KIB;
/** The same in the view BASIC, so that a whole result stays below 64 KiB in it. */
export const MAX_BASIC_ERROR_MESSAGE_SIZE = 8 * KIB;
/** The newest errors of a result are kept up to this size; the newest in any case. Older ones are dropped. */
export const MAX_ERRORS_SIZE = MIB;
/** What an error counts besides its texts: about as much as the longest worker id. */
export const ERROR_OVERHEAD = KIB;
/** The newest worker ids of a result are shown up to this size. */
export const MAX_WORKER_IDS_SIZE = 256 * KIB;

/** In one batch call, or one watch. */
export const MAX_IDS = 1_000;
/** In a filter. There are four, and who builds a list of them from many sources may say one of them often. */
export const MAX_STATUSES = 100;
export const MAX_PAGE_SIZE = 1_000;
export const DEFAULT_PAGE_SIZE = 50;
/** Fields of one message, those of messages within it included. The largest lists, whole, come to some 115,000. */
export const MAX_FIELDS = 150_000;
/** In `more` of one message of RecordTransitions. */
export const MAX_MORE_TRANSITIONS = 1_000;
/** Size of an answer with many results: clients take 4 MiB unless they are told otherwise, and headers need some of it. */
export const MAX_ANSWER_SIZE = 3 * MIB;
/** Size of a message that clients take unless they are told otherwise. */
export const CLIENTS_MESSAGE_SIZE = 4 * MIB;

export const MIN_HEARTBEAT: Micros = SECOND;
export const MAX_HEARTBEAT: Micros = 60 * SECOND;
export const DEFAULT_HEARTBEAT: Micros = 15 * SECOND;
/** Longer waits end here, and callers wait again. */
export const MAX_WAIT: Micros = 60 * SECOND;
/** Results that match a watch by filter. The server must remember what each client has. */
export const MAX_FILTER_MATCHES = 100_000;

/**
 * Writes that wait for the database in one process, and the size of their texts. One connection may have as many
 * waiting as there is room left for in all: a half when it is alone.
 */
export const MAX_WAITING_WRITES = 20_000;
export const MAX_WAITING_SIZE = 256 * MIB;
/** How long a write waits for a row that another transaction has locked. */
export const MAX_LOCK_WAIT: Micros = 30 * SECOND;

/** Reads of many results that wait for their turns in one process. Connections share the places evenly. */
export const MAX_WAITING_READS = 2_000;

/** Names of a result or of an error, and marks of what was cut. */
const MAX_NAMES_SIZE = 8 * KIB;

/** The longest texts that one row of a store holds together: the arguments of a result, or what an error says. */
export function maxRowSize({ maxJsonSize, maxTracebackSize }: Limits): number {
  return Math.max(maxJsonSize, maxTracebackSize + MAX_ERROR_MESSAGE_SIZE) + MAX_NAMES_SIZE;
}

/**
 * What one result may grow to: arguments, return value, and what is kept of its errors and workers, with room for names
 * and labels. With the usual limits that is CLIENTS_MESSAGE_SIZE.
 */
export function maxResultSize({ maxJsonSize }: Limits): number {
  return 2 * maxJsonSize + 2 * MIB;
}
