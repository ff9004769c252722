import type { TaskLifecycleServiceServer } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import type { Command } from '../../domain/command';
import type { Limits } from '../../domain/limits';
import type { Lifecycle } from '../../service/writing/lifecycle';
import { toState } from '../codec/decode';
import { type Authorize, type Handlers, type OnInternalError, unary } from '../handlers';
import * as parse from '../requests/lifecycle-requests';
import { recordTransitionsHandler } from './record-transitions';

/** TaskLifecycleService over `lifecycle`. */
export function lifecycleHandlers(
  lifecycle: Lifecycle,
  limits: Limits,
  authorize: Authorize,
  stopping: AbortSignal,
  onInternalError: OnInternalError,
): Handlers<TaskLifecycleServiceServer> {
  const handle = <Request, Response>(answer: (request: Request) => Promise<Response>) =>
    unary(authorize, onInternalError, answer);

  /** The state after a command that is no delete. */
  const record = async (command: Exclude<Command, { kind: 'delete' }>) => {
    const state = await lifecycle.record(command);
    if (state === null) throw new Error(`${command.kind} left no state`);
    return toState(state);
  };

  return {
    createTaskResult: handle(async (request) => ({ state: await record(parse.createCommand(request, limits)) })),
    startAttempt: handle(async (request) => {
      const state = await record(parse.startCommand(request, limits));
      return { attempt: state.attempts, state };
    }),
    renewLease: handle(async (request) => ({ state: await record(parse.renewCommand(request)) })),
    finishAttempt: handle(async (request) => ({ state: await record(parse.finishCommand(request, limits)) })),
    failTaskResult: handle(async (request) => ({ state: await record(parse.failCommand(request, limits)) })),
    deleteTaskResult: handle(async (request) => {
      await lifecycle.record(parse.deleteCommand(request));
      return {};
    }),
    recordTransitions: recordTransitionsHandler(lifecycle, limits, authorize, stopping, onInternalError),
  };
}
