import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Command } from '../domain/command';
import { shuttingDown, TaskResultsError } from '../domain/errors';
import type { ResultState } from '../domain/lifecycle';
import type { Limits } from '../domain/limits';
import {
  type RecordTransitionsRequest,
  type RecordTransitionsResponse,
  TaskResultState,
} from '../gen/taskresults/v1/task_lifecycle_service';
import type { Lifecycle } from '../service/lifecycle';
import { weigh } from '../service/write-queue';
import { toState } from './convert';
import { required } from './fields';
import { type Authorize, type OnInternalError, refuseMalformed } from './handlers';
import * as parse from './lifecycle-requests';
import { toServiceError, toStatus } from './status';

/** What one stream may have under way before it is read no further: enough to fill the next transactions. */
const MOST_UNDER_WAY = 1_024;
const MOST_BYTES_UNDER_WAY = 8 * 1024 * 1024;

type Call = ServerDuplexStream<RecordTransitionsRequest, RecordTransitionsResponse>;

/** RecordTransitions. When `stopping` is aborted, what is under way is answered and the stream ends with SHUTTING_DOWN. */
export function recordTransitionsHandler(
  lifecycle: Lifecycle,
  limits: Limits,
  authorize: Authorize,
  stopping: AbortSignal,
  onInternalError: OnInternalError,
): (call: Call) => void {
  return (call) => {
    try {
      authorize(call);
    } catch (error) {
      call.emit('error', toServiceError(error));
      return;
    }
    const stream = new TransitionStream(call, lifecycle, limits, onInternalError);
    const stop = () => stream.finish(shuttingDown());
    stopping.addEventListener('abort', stop);
    call.once('close', () => stopping.removeEventListener('abort', stop));
    if (stopping.aborted) stop();
  };
}

/**
 * One stream: messages are taken as they come and answered as they are decided. Back-pressure goes both ways: the stream is
 * not read while too much of it is under way, or while its answers are not taken.
 */
class TransitionStream {
  #underWay = 0;
  #bytesUnderWay = 0;
  /** The caller does not take its answers. */
  #full = false;
  /** Nothing more is read; once all is answered the stream ends, with this error or with OK. */
  #finish: { error: unknown } | null = null;
  #ended = false;

  constructor(
    private readonly call: Call,
    private readonly lifecycle: Lifecycle,
    private readonly limits: Limits,
    private readonly onInternalError: OnInternalError,
  ) {
    call.on('data', (message: RecordTransitionsRequest) => this.#take(message));
    call.on('drain', () => {
      this.#full = false;
      this.#flow();
    });
    call.on('end', () => this.finish(null));
    call.on('cancelled', () => this.finish(null));
  }

  /** Reads nothing more, answers what is under way, and ends the stream. */
  finish(error: unknown): void {
    if (this.#finish) return;
    this.#finish = { error };
    this.call.pause();
    this.#endIfDone();
  }

  #take(message: RecordTransitionsRequest): void {
    if (this.#finish) return;
    try {
      refuseMalformed(message);
    } catch (error) {
      this.finish(error); // it has no number to answer to
      return;
    }
    let command: Command;
    try {
      command = toCommand(message, this.limits);
    } catch (error) {
      this.#answer(message.number, this.#refusal(error));
      return;
    }
    const bytes = weigh(command);
    this.#underWay++;
    this.#bytesUnderWay += bytes;
    this.lifecycle
      .record(command)
      .then(
        (state) => toOutcome(command, state),
        (error: unknown) => this.#refusal(error),
      )
      .then((outcome) => {
        this.#underWay--;
        this.#bytesUnderWay -= bytes;
        this.#answer(message.number, outcome);
      });
    if (this.#busy) this.call.pause();
  }

  #answer(number: bigint, outcome: RecordTransitionsResponse['outcome']): void {
    if (!this.call.cancelled && !this.call.write({ number, outcome })) this.#full = true;
    this.#flow();
  }

  get #busy(): boolean {
    return this.#full || this.#underWay >= MOST_UNDER_WAY || this.#bytesUnderWay >= MOST_BYTES_UNDER_WAY;
  }

  #flow(): void {
    if (this.#finish) this.#endIfDone();
    else if (this.#busy) this.call.pause();
    else if (this.call.isPaused()) this.call.resume();
  }

  #endIfDone(): void {
    if (this.#underWay > 0 || !this.#finish || this.#ended) return;
    this.#ended = true;
    const { error } = this.#finish;
    if (error === null) this.call.end();
    else this.call.emit('error', toServiceError(error));
  }

  #refusal(error: unknown): RecordTransitionsResponse['outcome'] {
    if (!(error instanceof TaskResultsError)) this.onInternalError(error);
    else if (error.cause !== undefined) this.onInternalError(error.cause);
    return { $case: 'error', value: toStatus(error) };
  }
}

function toCommand(message: RecordTransitionsRequest, limits: Limits): Command {
  const transition = required('transition', message.transition);
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
