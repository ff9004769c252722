import { FilterWatch } from '../service/filter-watch';
import { IdWatch } from '../service/id-watch';
import { watch } from '../service/watch';
import type { WatchHub } from '../service/watch-hub';
import { heartbeatInterval, view, watchTarget } from './read-requests';
import type { OpenWatch } from './watch-handler';

/** Opens watches on `hub` as requests ask for them. */
export function watchOpener(hub: WatchHub, maxAgeMs: number): OpenWatch {
  return (request, signal) => {
    const target = watchTarget(request.target);
    const wanted = view(request.view);
    const subject =
      target.kind === 'ids'
        ? new IdWatch(hub, target.known, wanted, request.keepOpen)
        : new FilterWatch(hub, target.filter, wanted);
    return watch(subject, { heartbeatMs: heartbeatInterval(request.heartbeatInterval), maxAgeMs }, signal);
  };
}
