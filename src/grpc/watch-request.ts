import { FilterWatch } from '../service/filter-watch';
import { IdWatch } from '../service/id-watch';
import { Watch } from '../service/watch';
import type { WatchHub } from '../service/watch-hub';
import { heartbeatInterval, view, watchTarget } from './read-requests';
import type { MakeWatch } from './watch-handler';

/** Makes watches on `hub` as requests ask for them. */
export function watchMaker(hub: WatchHub, maxAgeMs: number): MakeWatch {
  return (request, sink) => {
    const target = watchTarget(request.target);
    const wanted = view(request.view);
    const subject =
      target.kind === 'ids'
        ? new IdWatch(hub, target.known, wanted, request.keepOpen)
        : new FilterWatch(hub, target.filter, wanted);
    return new Watch(subject, { heartbeatMs: heartbeatInterval(request.heartbeatInterval), maxAgeMs }, sink);
  };
}
