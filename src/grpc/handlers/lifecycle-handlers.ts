import type { TaskLifecycleServiceServer } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import type { Command } from '../../domain/command';
import type { Limits } from '../../domain/limits';
import type { Lifecycle } from '../../service/writing/lifecycle';
import type { Handlers } from '../add-service';
import { toState } from '../answers/messages';
import * as parse from '../requests/lifecycle-requests';

/** TaskLifecycleService over `lifecycle`, but for its stream. */
export function lifecycleHandlers(
  lifecycle: Lifecycle,
  limits: Limits,
): Omit<Handlers<TaskLifecycleServiceServer>, 'recordTransitions'> {
  /** The state after a command that is no delete. */
  const record = async (command: Exclude<Command, { kind: 'delete' }>) => {
    const state = await lifecycle.record(command);
    if (state === null) throw new Error(`${command.kind} left no state`);
    return toState(state);
  };

  return {
    createTaskResult: async (request) => ({ state: await record(parse.createCommand(request, limits)) }),
    startAttempt: async (request) => {
      const state = await record(parse.startCommand(request, limits));
      return { attempt: state.attempts, state };
    },
    renewLease: async (request) => ({ state: await record(parse.renewCommand(request)) }),
    finishAttempt: async (request) => ({ state: await record(parse.finishCommand(request, limits)) }),
    failTaskResult: async (request) => ({ state: await record(parse.failCommand(request, limits)) }),
    deleteTaskResult: async (request) => {
      await lifecycle.record(parse.deleteCommand(request));
      return {};
    },
  };
}
