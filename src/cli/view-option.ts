import { Option } from 'commander';
import { TaskResultView } from '../gen/taskresults/v1/task_result';

export function basicOption(): Option {
  return new Option('--basic', 'leave out args, kwargs, return value and tracebacks');
}

export function viewOf({ basic }: { basic?: boolean }): TaskResultView {
  return basic ? TaskResultView.TASK_RESULT_VIEW_BASIC : TaskResultView.TASK_RESULT_VIEW_FULL;
}
