import type { TaskLifecycleServiceServer } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import type { Caller } from '../../domain/caller';
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
  const record = async (command: Exclude<Command, { kind: 'delete' }>, caller: Caller) => {
    const state = await lifecycle.record(command, caller);
    if (state === null) throw new Error(`${command.kind} left no state`);
    return toState(state);
  };

  return {
    createTaskResult: async (request, caller) => ({
      state: await record(parse.createCommand(request, limits), caller),
    }),
    startAttempt: async (request, caller) => {
      const state = await record(parse.startCommand(request, limits), caller);
      return { attempt: state.attempts, state };
    },
    renewLease: async (request, caller) => ({ state: await record(parse.renewCommand(request), caller) }),
    finishAttempt: async (request, caller) => ({ state: await record(parse.finishCommand(request, limits), caller) }),
    failTaskResult: async (request, caller) => ({ state: await record(parse.failCommand(request, limits), caller) }),
    deleteTaskResult: async (request, caller) => {
      await lifecycle.record(parse.deleteCommand(request), caller);
      return {};
    },
  };
}
