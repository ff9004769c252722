import { isIP } from 'node:net';
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
  TASKRESULTS_READ_TOKEN  ${SETTINGS.readToken.description}

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
  const stopping = new AbortController();
  void stopSignal.then(() => stopping.abort());
  let service: { port: number; stop(): Promise<void> };
  try {
    const isGroup = !isOneOfGroup() && config.processes > 1;
    service = isGroup ? await startGroup(config, log, stopping.signal) : await start(config, log, stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    return log.info('stopped before it was started');
  }
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

async function startGroup(config: Config, log: Logger, signal: AbortSignal): Promise<ProcessGroup> {
  if (config.migrate) {
    const { migrate } = await import('../store/open.js');
    await migrate(config.database, signal);
  }
  return ProcessGroup.start(config.processes, log);
}

async function start(config: Config, log: Logger, signal: AbortSignal) {
  // The heap is collected when it has grown by a half, rather than by as much again or more: less memory, at no cost in speed that
  // could be measured, while 40 % cost a tenth (docs/benchmarks.md).
  setFlagsFromString('--heap-growing-percent=50');
  // Loaded only here: the client commands do without a server.
  const { startService } = await import('../start.js');
  try {
    return await startService(config, log, undefined, signal);
  } catch (error) {
    log.debug({ err: error }, 'cannot start');
    if (!String(error).includes('EADDRINUSE')) throw error;
    throw new Failure(`port ${config.port} of ${config.host} is in use`);
  }
}

function warn(config: Config, log: Logger): void {
  for (const name of unknownVariables(process.env)) {
    log.warn(`${name} is no setting of this server: see taskresults serve --help`);
  }
  if (!isLoopback(config.host) && config.tokens.full === null) {
    log.warn(`anybody who can reach ${config.host} may write: set TASKRESULTS_TOKEN`);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
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
