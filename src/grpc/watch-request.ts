import type { WatchConfig } from '../config';
import { invalidField } from '../domain/errors';
import { Watch } from '../service/watch';
import type { WatchHub } from '../service/watch-hub';
import { heartbeatInterval, view, watchTarget } from './read-requests';
import type { OpenWatch } from './watch-handler';

/** Opens watches on `hub` as requests ask for them. */
export function watchOpener(hub: WatchHub, { maxAgeMs }: Pick<WatchConfig, 'maxAgeMs'>): OpenWatch {
  return (request, signal) => {
    const target = watchTarget(request.target);
    const options = {
      view: view(request.view),
      keepOpen: request.keepOpen,
      heartbeatMs: heartbeatInterval(request.heartbeatInterval),
      maxAgeMs,
    };
    if (target.kind === 'filter') throw invalidField('filter', 'is not available yet');
    return new Watch(hub, target.known, options).events(signal);
  };
}
