import { BlockList, isIP, isIPv6 } from 'node:net';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, readConfig, unknownVariables } from '../../config/config';
import { displayDatabase } from '../../config/database-url';
import { socketPath } from '../../config/parsers';
import { type Flags, SETTINGS, type SettingName } from '../../config/settings';
import { Failure } from '../../server/failure';
import { endWithFailure, freePort, ProcessGroup, portOfGroup } from '../../server/process-group';
import { removeStaleSocket } from '../../server/unix-socket';
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
  await makeWay(config);
  const service = await unlessStopped(config, stopSignal, (signal) => start(config, log, signal));
  if (service) {
    announce(config, service.port);
    log.info({ signal: await stopSignal }, 'stopping');
    await service.stop();
  }
  log.info(service ? 'stopped' : 'stopped before it was started');
  process.exit(); // a database that hangs has left its connections open
}

/** Serves as the first process of a group, which speaks for all. */
async function serveAsGroup(config: Config, log: Logger): Promise<void> {
  const stopSignal = firstStopSignal(endAtOnce);
  if (config.migrate) {
    const { migrate } = await import('../../store/open.js');
    const migrated = await unlessStopped(config, stopSignal, (signal) => migrate(config.database, signal));
    if (!migrated) {
      log.info('stopped before it was started');
      process.exit();
    }
  }
  await makeWay(config);
  const port = config.port || (socketPath(config.host) === null ? await freePort(config.host) : 0);
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

/** Before the first process that listens, and not when one is started again. */
async function makeWay({ host }: Config): Promise<void> {
  const path = socketPath(host);
  if (path !== null) await removeStaleSocket(path);
}

function announce({ host, database }: Config, port: number): void {
  const address = isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
  console.log(
    `taskresults is listening on ${socketPath(host) === null ? address : host} (${displayDatabase(database)})`,
  );
}

/**
 * Returns what `begin` resolves to. Null: the signal to stop came first, and `begin` was given up, or has hung since
 * for the grace of a stop.
 */
async function unlessStopped<T>(
  { shutdownGraceMs }: Config,
  stopSignal: Promise<unknown>,
  begin: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const stopping = new AbortController();
  void stopSignal.then(() => stopping.abort());
  try {
    const givenUp = stopSignal.then(() => delay(shutdownGraceMs, null, { ref: false }));
    return await Promise.race([begin(stopping.signal), givenUp]);
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
  const isSocket = socketPath(host) !== null;
  const place = isSocket ? host : `port ${port} of ${host}`;
  const why = /\b(?:listen|bind) (E[A-Z]+)|Name resolution failed/.exec(error);
  switch (why?.[1] ?? why?.[0]) {
    case 'EADDRINUSE':
      return new Failure(`${place} is in use`);
    case 'EADDRNOTAVAIL':
      return new Failure(`${host} is no address of this machine`);
    case 'EACCES':
      return new Failure(`this user may not listen on ${place}${isSocket ? ', or there is no such folder' : ''}`);
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
  } else if (full === null && socketPath(config.host) === null && !isLoopback(config.host)) {
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
