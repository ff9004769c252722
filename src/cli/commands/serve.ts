import { BlockList, isIP, isIPv6 } from 'node:net';
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, readConfig, unknownVariables } from '../../config/config';
import { displayDatabase } from '../../config/database-url';
import { type Flags, SETTINGS, type SettingName } from '../../config/settings';
import { Failure } from '../../server/failure';
import { endWithFailure, freePort, ProcessGroup, portOfGroup } from '../../server/process-group';
import { toFailure } from '../failure';
import { createLog } from '../log';
import { addSettingOptions } from '../options/setting-options';

export function addServe(program: Command): void {
  const command = program.command('serve').description('Run the server');
  addSettingOptions(command, Object.keys(SETTINGS) as SettingName[])
    .addHelpText('after', MORE_HELP)
    .action(serve);
}

const MORE_HELP = `
Every option may be set in the environment instead, under the name in brackets. Only in the environment:
  TASKRESULTS_TOKEN       ${SETTINGS.token.description.replaceAll('`', '')}
  TASKRESULTS_READ_TOKEN  ${SETTINGS.readToken.description.replaceAll('`', '')}

Examples:
  taskresults serve
  taskresults serve --host 0.0.0.0 --database-url mysql://user:password@db/taskresults --migrate`;

async function serve(flags: Flags): Promise<void> {
  const config = readConfig(flags, process.env);
  const log = createLog(config.logLevel);
  // Whatever kills the server must leave its stack in the log.
  process.on('uncaughtExceptionMonitor', (error) => log.fatal({ err: error }, 'crashed'));
  const port = portOfGroup();
  if (port !== null) return serveInGroup({ ...config, port, migrate: false }, log);
  warn(config, log);
  if (config.processes === 1) await serveAlone(config, log);
  else await serveAsGroup(config, log);
}

async function serveAlone(config: Config, log: Logger): Promise<void> {
  const stopSignal = firstStopSignal(endAtOnce);
  const service = await unlessStopped(stopSignal, (signal) => start(config, log, signal));
  if (!service) return log.info('stopped before it was started');
  announce(config, service.port);
  log.info({ signal: await stopSignal }, 'stopping');
  await service.stop();
  log.info('stopped');
}

/** Serves as the first process of a group, which speaks for all. */
async function serveAsGroup(config: Config, log: Logger): Promise<void> {
  const stopSignal = firstStopSignal(endAtOnce);
  if (config.migrate) {
    const { migrate } = await import('../../store/open.js');
    const migrated = await unlessStopped(stopSignal, (signal) => migrate(config.database, signal));
    if (!migrated) return log.info('stopped before it was started');
  }
  const port = config.port || (await freePort(config.host));
  const group = new ProcessGroup(config.processes, port, config.shutdownGraceMs, log);
  try {
    const listens = await Promise.race([group.listening.then(() => true), stopSignal.then(() => false)]);
    if (listens) announce(config, port);
    log.info({ signal: await stopSignal }, 'stopping');
  } finally {
    await group.stop();
  }
  log.info('stopped');
}

/** Serves as one of a group. A signal to the whole group comes twice, so only the first process may end this one. */
async function serveInGroup(config: Config, log: Logger): Promise<void> {
  const stopSignal = firstStopSignal(() => {});
  try {
    // As long as it takes no calls, nothing is lost when it stops at once.
    const service = await Promise.race([start(config, log), stopSignal.then(() => null)]);
    await stopSignal;
    await service?.stop();
    process.exit();
  } catch (error) {
    endWithFailure(toFailure(error));
  }
}

function announce(config: Config, port: number): void {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  console.log(`taskresults is listening on ${host}:${port} (${displayDatabase(config.database)})`);
}

/** Returns what `begin` resolves to. Null: the signal to stop came first, and `begin` was given up. */
async function unlessStopped<T>(
  stopSignal: Promise<unknown>,
  begin: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const stopping = new AbortController();
  void stopSignal.then(() => stopping.abort());
  try {
    return await begin(stopping.signal);
  } catch (error) {
    if (stopping.signal.aborted) return null;
    throw error;
  }
}

async function start(config: Config, log: Logger, signal?: AbortSignal) {
  // The heap is collected when it has grown by a half, rather than by as much again or more: less memory, at no cost in
  // speed that could be measured, while 40 % cost a tenth (docs/benchmarks.md).
  setFlagsFromString('--heap-growing-percent=50');
  // Loaded only here: the client commands do without a server.
  const { startService } = await import('../../server/service.js');
  try {
    return await startService(config, log, undefined, signal);
  } catch (error) {
    log.debug({ err: error }, 'cannot start');
    throw portFailure(config, String(error)) ?? error;
  }
}

/** What keeps a server from its port. Node.js words it in different ways for one process and for many; this does not. */
function portFailure({ host, port }: Config, error: string): Failure | null {
  const why = /\b(?:listen|bind) (E[A-Z]+)|Name resolution failed/.exec(error);
  switch (why?.[1] ?? why?.[0]) {
    case 'EADDRINUSE':
      return new Failure(`port ${port} of ${host} is in use`);
    case 'EADDRNOTAVAIL':
      return new Failure(`${host} is no address of this machine`);
    case 'EACCES':
      return new Failure(`this user may not listen on port ${port} of ${host}`);
    case 'Name resolution failed':
      return new Failure(`the name ${host} has no address`);
    default:
      return null;
  }
}

function warn(config: Config, log: Logger): void {
  for (const name of unknownVariables(process.env)) {
    log.warn(`${name} is no setting of this server: see taskresults serve --help`);
  }
  const { full, readOnly } = config.tokens;
  if (full === null && readOnly !== null) {
    log.warn('nobody may write: set TASKRESULTS_TOKEN besides TASKRESULTS_READ_TOKEN');
  } else if (full === null && !isLoopback(config.host)) {
    log.warn(`anybody who can reach ${config.host} may read and write: set TASKRESULTS_TOKEN`);
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host === 'localhost';
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/** Resolves at the first SIGTERM or SIGINT. Every further one is given to `onFurther`. */
function firstStopSignal(onFurther: (signal: NodeJS.Signals) => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) onFurther(signal);
        asked = true;
        resolve(signal);
      });
    }
  });
}

function endAtOnce(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal]);
}
