import type { TaskResultView } from '@taskresults/client';
import { Option } from 'commander';

export function basicOption(): Option {
  return new Option(
    '--basic',
    'leave out args, kwargs, return value, tracebacks and all errors and workers but the newest',
  );
}

export function viewOf({ basic }: { basic?: boolean }): TaskResultView {
  return basic ? 'BASIC' : 'FULL';
}
