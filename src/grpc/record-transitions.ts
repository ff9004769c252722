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

/** What one stream may have under way before it is read no further: enough to fill two transactions. */
const MOST_UNDER_WAY = 1_024;
const MOST_BYTES_UNDER_WAY = 8 * 1024 * 1024;

type Call = ServerDuplexStream<RecordTransitionsRequest, RecordTransitionsResponse>;

/**
 * RecordTransitions. Messages are taken as they come and answered as they are decided. Back-pressure goes both ways: a
 * stream is not read while too much of it is under way, or while its answers are not taken. When `stopping` is aborted,
 * what is under way is answered and the stream ends with SHUTTING_DOWN.
 */
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
    let underWay = 0;
    let bytesUnderWay = 0;
    let full = false;
    let over: (() => void) | null = null;

    const flow = () => {
      if (over !== null || full || underWay >= MOST_UNDER_WAY || bytesUnderWay >= MOST_BYTES_UNDER_WAY) call.pause();
      else call.resume();
      if (over !== null && underWay === 0) over();
    };
    /** Nothing more is read; `how` ends the stream once everything under way is answered. */
    const finish = (how: () => void) => {
      over ??= () => {
        stopping.removeEventListener('abort', stop);
        over = () => {};
        how();
      };
      flow();
    };
    const fail = (error: unknown) => finish(() => call.emit('error', toServiceError(error)));
    const stop = () => fail(shuttingDown());

    call.on('data', (message: RecordTransitionsRequest) => {
      if (over !== null) return;
      try {
        refuseMalformed(message);
      } catch (error) {
        return fail(error); // it has no number to answer to
      }
      let weight = 0;
      const outcome = (async (): Promise<RecordTransitionsResponse['outcome']> => {
        try {
          const command = toCommand(message, limits);
          weight = weigh(command);
          return { $case: 'state', value: toAnswer(command, await lifecycle.record(command)) };
        } catch (error) {
          if (!(error instanceof TaskResultsError)) onInternalError(error);
          else if (error.cause !== undefined) onInternalError(error.cause);
          return { $case: 'error', value: toStatus(error) };
        }
      })();
      underWay++;
      bytesUnderWay += weight;
      void outcome.then((answer) => {
        underWay--;
        bytesUnderWay -= weight;
        if (!call.cancelled) full = !call.write({ number: message.number, outcome: answer });
        flow();
      });
      if (underWay >= MOST_UNDER_WAY || bytesUnderWay >= MOST_BYTES_UNDER_WAY) flow();
    });
    call.on('drain', () => {
      full = false;
      flow();
    });
    call.on('end', () => finish(() => call.end()));
    call.on('cancelled', () => finish(() => call.end()));
    call.on('error', () => {});
    stopping.addEventListener('abort', stop);
    if (stopping.aborted) stop();
  };
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

function toAnswer(command: Command, state: ResultState | null): TaskResultState {
  return state ? toState(state) : { ...NOTHING, id: command.id };
}

/** What is answered for a delete, beside the id. */
const NOTHING = TaskResultState.fromPartial({});
