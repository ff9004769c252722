import type { Watches } from '../../service/watching/watches';
import type { MakeWatch } from '../handlers/watch-handler';
import { heartbeatInterval, view, watchTarget } from './read-requests';

/** Makes watches as requests ask for them. */
export function watchMaker(watches: Watches, maxAgeMs: number): MakeWatch {
  return (request, sink) => {
    const target = watchTarget(request.target);
    const wanted = view(request.view);
    const times = { heartbeatMs: heartbeatInterval(request.heartbeatInterval), maxAgeMs };
    return target.kind === 'ids'
      ? watches.byIds({ known: target.known, view: wanted, keepOpen: request.keepOpen }, times, sink)
      : watches.byFilter({ filter: target.filter, view: wanted }, times, sink);
  };
}
