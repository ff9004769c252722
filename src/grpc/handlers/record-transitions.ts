import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  type RecordTransitionsRequest,
  type RecordTransitionsResponse,
  TaskResultState,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import type { Caller } from '../../domain/caller';
import type { Command } from '../../domain/command';
import { invalidField, shuttingDown } from '../../domain/errors';
import { type Limits, MAX_MORE_TRANSITIONS } from '../../domain/limits';
import type { ResultState } from '../../domain/result-state';
import { Stopwatch } from '../../domain/stopwatch';
import { within } from '../../service/time-bound';
import { weigh } from '../../service/writing/batch';
import type { Lifecycle } from '../../service/writing/lifecycle';
import type { CallMemory } from '../admission/call-memory';
import { memoryOf } from '../admission/counted-stream';
import { toState } from '../answers/messages';
import { GrpcCaller } from '../caller';
import { sizeOf, wellFormed } from '../codec/decode';
import type { Answer } from '../codec/encode';
import type { Refuse } from '../interceptors/errors';
import { list, required } from '../requests/fields';
import * as parse from '../requests/lifecycle-requests';
import type { BidiStreamHandler } from '../stream';

/** What one stream may have under way before no more is taken from it: enough to fill the next transactions. */
const MAX_UNDER_WAY = 1_024;
const MAX_BYTES_UNDER_WAY = 4 * 1024 * 1024;

/**
 * Outcomes of one message: below 4 MiB, which clients take by default, though each were an error with all its details.
 */
const MAX_IN_A_GROUP = 256;

/** A message of which this many transitions are not answered yet. */
interface Received {
  left: number;
  readonly bytes: number;
}

/** One transition, and the message that it came in. */
interface Read {
  readonly request: RecordTransitionsRequest;
  readonly message: Received;
}

type Call = ServerDuplexStream<RecordTransitionsRequest, Answer<RecordTransitionsResponse>>;

/**
 * RecordTransitions. Each transition is answered within `maxMs` milliseconds, with STORE_UNAVAILABLE if need be. When
 * `stopping` is aborted, what is under way is answered and the stream ends with SHUTTING_DOWN.
 */
export function recordTransitionsHandler(
  lifecycle: Lifecycle,
  limits: Limits,
  maxMs: number,
  stopping: AbortSignal,
  refuse: Refuse,
): BidiStreamHandler<RecordTransitionsRequest, RecordTransitionsResponse> {
  return (call) =>
    new Promise((resolve, reject) => {
      const over = (error: unknown) => (error === null ? resolve() : reject(error));
      const memory = memoryOf(call);
      const stream = new TransitionStream(call, lifecycle, limits, maxMs, refuse, memory, over);
      const stop = () => stream.finish(shuttingDown());
      stopping.addEventListener('abort', stop);
      call.once('close', () => stopping.removeEventListener('abort', stop));
      if (stopping.aborted) stop();
    });
}

/**
 * One stream: transitions are taken as they come and answered as they are decided. Back-pressure goes both ways: no
 * more are taken while too much is under way, or while the answers are not read.
 */
class TransitionStream {
  readonly #caller: GrpcCaller;
  /** Not all taken yet, and the place of the next one. */
  #read: Read[] = [];
  #next = 0;
  /** Taken, and the answer not yet written. */
  #underWay = 0;
  #bytesUnderWay = 0;
  /** Not yet written: what is decided in one turn goes out together. */
  #answers: RecordTransitionsResponse[] = [];
  /** The caller sends many transitions in a message, and reads many outcomes from one. */
  #grouped = false;
  /** The caller does not read its answers. */
  #full = false;
  /** Once all is answered the stream ends, with this error or with OK. */
  #finish: { error: unknown } | null = null;
  #ended = false;

  constructor(
    private readonly call: Call,
    private readonly lifecycle: Lifecycle,
    private readonly limits: Limits,
    private readonly maxMs: number,
    /** For transitions, each of which may be refused alone. */
    private readonly refuse: Refuse,
    /** Holds what has come of the stream, until it is answered. */
    private readonly memory: CallMemory,
    private readonly over: (error: unknown) => void,
  ) {
    this.#caller = new GrpcCaller(call);
    call.on('data', (message: RecordTransitionsRequest) => this.#receive(message));
    call.on('drain', () => {
      this.#full = false;
      this.#flow();
    });
    call.on('end', () => {
      this.#finish ??= { error: null };
      this.#flow();
    });
    call.on('cancelled', () => this.finish(null));
  }

  /** Takes nothing more, answers what is under way, and ends the stream. */
  finish(error: unknown): void {
    // A caller that has ended its side gets OK only if all that it sent was taken.
    if (this.#read.length > 0 || !this.#finish) this.#finish = { error };
    this.#read = [];
    this.#next = 0;
    this.#flow();
  }

  #receive(request: RecordTransitionsRequest): void {
    if (this.#finish) return;
    try {
      list('more', wellFormed(request).more, 0, MAX_MORE_TRANSITIONS);
    } catch (error) {
      this.finish(error); // it has no number to answer to, or too many
      return;
    }
    const { number, transition, more } = request;
    const first = more.length === 0 || transition ? [{ number, transition, more: [] }] : [];
    if (more.length > 0) this.#grouped = true;
    const message = { left: first.length + more.length, bytes: sizeOf(request) };
    for (const one of first) this.#read.push({ request: one, message });
    for (const one of more) this.#read.push({ request: one, message });
    this.#flow();
  }

  #flow(): void {
    while (this.#next < this.#read.length && !this.#busy) {
      const { request, message } = this.#read[this.#next++] as Read;
      this.#take(request, message);
    }
    const allTaken = this.#next === this.#read.length;
    if (allTaken) {
      this.#read = [];
      this.#next = 0;
    }
    if (this.#finish) {
      this.call.pause();
      if (allTaken && this.#underWay === 0) this.#end(this.#finish.error);
    } else if (this.#busy || !allTaken) {
      this.call.pause();
    } else if (this.call.isPaused()) {
      this.call.resume();
    }
  }

  get #busy(): boolean {
    return this.#full || this.#underWay >= MAX_UNDER_WAY || this.#bytesUnderWay >= MAX_BYTES_UNDER_WAY;
  }

  #take({ number, transition, more }: RecordTransitionsRequest, message: Received): void {
    this.#underWay++;
    let command: Command;
    try {
      if (more.length > 0) throw invalidField('more', 'must not have more of its own');
      command = toCommand(transition, this.limits);
    } catch (error) {
      this.#answer(number, this.#refusal(error), message);
      return;
    }
    const bytes = weigh(command);
    this.#bytesUnderWay += bytes;
    within(this.maxMs, this.lifecycle.record(command, new TransitionCaller(this.#caller, this.maxMs)))
      .then(
        (state) => toOutcome(command, state),
        (error: unknown) => this.#refusal(error),
      )
      .then((outcome) => {
        this.#bytesUnderWay -= bytes;
        this.#answer(number, outcome, message);
      });
  }

  #answer(number: bigint, outcome: RecordTransitionsResponse['outcome'], message: Received): void {
    if (--message.left === 0) this.memory.release(message.bytes);
    this.#answers.push({ number, outcome, more: [] });
    if (this.#answers.length === 1) process.nextTick(() => this.#write());
  }

  #write(): void {
    const answers = this.#answers;
    this.#answers = [];
    this.#underWay -= answers.length;
    for (const message of this.#grouped ? inGroups(answers) : answers) {
      if (!this.call.cancelled && !this.call.write(message)) this.#full = true;
    }
    this.#flow();
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.over(error);
  }

  #refusal(error: unknown): RecordTransitionsResponse['outcome'] {
    return { $case: 'error', value: this.refuse(error) };
  }
}

/** The caller of one transition, which is given up while the stream goes on. */
class TransitionCaller implements Caller {
  readonly #since = new Stopwatch();

  constructor(
    private readonly ofStream: Caller,
    private readonly maxMs: number,
  ) {}

  get connection(): string {
    return this.ofStream.connection;
  }

  get isGone(): boolean {
    return this.ofStream.isGone || this.#since.ms >= this.maxMs;
  }
}

function toCommand(given: RecordTransitionsRequest['transition'], limits: Limits): Command {
  const transition = required('transition', given);
  switch (transition.$case) {
    case 'create':
      return parse.createCommand(transition.value, limits);
    case 'start':
      return parse.startCommand(transition.value, limits);
    case 'renew':
      return parse.renewCommand(transition.value);
    case 'finish':
      return parse.finishCommand(transition.value, limits);
    case 'fail':
      return parse.failCommand(transition.value, limits);
    case 'delete':
      return parse.deleteCommand(transition.value);
  }
}

/** For a delete, only the id. */
function toOutcome(command: Command, state: ResultState | null): RecordTransitionsResponse['outcome'] {
  return { $case: 'state', value: state ? toState(state) : TaskResultState.fromPartial({ id: command.id }) };
}

/** The same outcomes in fewer messages. */
function inGroups(answers: readonly RecordTransitionsResponse[]): RecordTransitionsResponse[] {
  const groups: RecordTransitionsResponse[] = [];
  for (let i = 0; i < answers.length; i += MAX_IN_A_GROUP) {
    const [first, ...more] = answers.slice(i, i + MAX_IN_A_GROUP) as [RecordTransitionsResponse];
    groups.push({ ...first, more });
  }
  return groups;
}
