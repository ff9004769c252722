import { BlockList, isIP, isIPv6 } from 'node:net';
import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { Logger } from 'pino';
import { type Config, readConfig, unknownVariables } from '../config';
import { displayDatabase } from '../database-url';
import { type Flags, SETTINGS, type SettingName } from '../settings';
import { Failure } from './failure';
import { createLog } from './log';
import { isOneOfGroup, ProcessGroup, tellListening } from './processes';
import { addSettingOptions } from './setting-options';

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
  warn(config, log);

  const stopSignal = firstStopSignal();
  const service = isOneOfGroup() || config.processes === 1 ? await start(config, log) : await startGroup(config, log);
  if (isOneOfGroup()) tellListening(service.port);
  else announce(config, service.port);
  log.info({ signal: await stopSignal }, 'stopping');
  await service.stop();
  log.info('stopped');
  // The channel to the first process of the group would keep this one.
  if (isOneOfGroup()) process.disconnect();
}

function announce(config: Config, port: number): void {
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  console.log(`taskresults is listening on ${host}:${port} (${displayDatabase(config.database)})`);
}

async function startGroup(config: Config, log: Logger): Promise<ProcessGroup> {
  if (config.migrate) {
    const { migrate } = await import('../store/open.js');
    await migrate(config.database);
  }
  return ProcessGroup.start(config.processes, log);
}

async function start(config: Config, log: Logger) {
  // The heap is collected when it has grown by a half, rather than by as much again or more: less memory, at no cost in speed that
  // could be measured, while 40 % cost a tenth (docs/benchmarks.md).
  setFlagsFromString('--heap-growing-percent=50');
  // Loaded only here: the client commands do without a server.
  const { startService } = await import('../start.js');
  try {
    return await startService(config, log);
  } catch (error) {
    log.debug({ err: error }, 'cannot start');
    throw cannotListen(error, config) ?? error;
  }
}

/** What keeps the address from being listened on, in our words; null when it is something else. */
function cannotListen(error: unknown, { host, port }: Config): Failure | null {
  const why = String(error);
  if (why.includes('EADDRINUSE')) return new Failure(`port ${port} of ${host} is in use`);
  if (why.includes('EADDRNOTAVAIL')) return new Failure(`${host} is no address of this machine`);
  if (why.includes('listen EACCES')) return new Failure(`port ${port} of ${host} must not be used by this user`);
  if (why.includes('Name resolution failed')) return new Failure(`the name ${host} has no address`);
  return null;
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

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once. */
function firstStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(128 + constants.signals[signal]);
        asked = true;
        resolve(signal);
      });
    }
  });
}
