import type { handleServerStreamingCall, Server, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

export interface Health {
  /** Tells those who ask and those who watch that this server is no longer to be used. */
  announceStop(): void;
  /** Answers the open watches, which would otherwise keep the server from closing for as long as they like. */
  endWatches(): void;
}

/** The standard health service, which says `SERVING` for each of `services`. Anybody may ask. */
export function addHealth(server: Server, services: readonly string[]): Health {
  const health = new HealthImplementation(Object.fromEntries(services.map((name) => [name, 'SERVING'])));
  const open = new Set<{ end(): void }>();
  health.addToServer({
    addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation) {
      const answer = handlers.watch as handleServerStreamingCall<unknown, unknown>;
      const watch: typeof answer = (call) => {
        open.add(call);
        call.once('close', () => open.delete(call));
        answer(call);
      };
      server.addService(definition, { ...handlers, watch });
    },
  } as unknown as Server);
  return {
    announceStop() {
      for (const name of services) health.setStatus(name, 'NOT_SERVING');
    },
    endWatches() {
      for (const watch of open) watch.end();
    },
  };
}
