import { FilterWatch } from '../../service/watching/filter-watch';
import { IdWatch } from '../../service/watching/id-watch';
import { Watch } from '../../service/watching/watch';
import type { WatchHub } from '../../service/watching/watch-hub';
import type { MakeWatch } from '../handlers/watch-handler';
import { heartbeatInterval, view, watchTarget } from './read-requests';

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
