import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ChildServer } from '../../../test/support/child-server';
import { type Answer, DRIVERS, Driver, type Language, type Members, NoToolchain } from './driver';
import { FaultProxy } from './fault-proxy';
import { type Act, hasRole, play, readScenarios, type Scenario, uses } from './scenario';
import { Wire } from './wire';

/** The server requires it, so that every call of every SDK shows that it sends one. */
const TOKEN = 'conformance';

/** `TASKRESULTS_TEST_SDKS=go,java` plays only these. */
const LANGUAGES = (process.env.TASKRESULTS_TEST_SDKS?.split(',') ?? Object.keys(DRIVERS)) as Language[];
const SCENARIOS = readScenarios();

const drivers = new Map<Language, Driver>();
const folder = mkdtempSync(join(tmpdir(), 'taskresults-conformance-'));
let server: ChildServer;
let isRunning = true;
let wire: Wire;
let proxy: FaultProxy;

const databaseUrl = `sqlite:${join(folder, 'results.sqlite')}`;

beforeAll(async () => {
  process.env.TASKRESULTS_TOKEN = TOKEN;
  server = await ChildServer.start(databaseUrl);
  wire = new Wire(server.address, TOKEN);
  proxy = await FaultProxy.to(server.address);
  const started = await Promise.allSettled(LANGUAGES.map(startDriver));
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
});

afterAll(async () => {
  await Promise.all([...drivers.values()].map((driver) => driver.stop()));
  wire.close();
  await proxy.close();
  await server.end();
  rmSync(folder, { recursive: true, force: true });
});

async function startDriver(language: Language): Promise<void> {
  try {
    drivers.set(language, await Driver.start(language, server.address, TOKEN));
  } catch (error) {
    if (!(error instanceof NoToolchain) || process.env.CI === 'true') throw error;
    console.warn(`THE ${language.toUpperCase()} SDK IS NOT TESTED: ${error.message}`);
  }
}

function playing(worker: Language, reader: Language): Act {
  const acting = { worker: drivers.get(worker), reader: drivers.get(reader) };
  return async (role, op, members): Promise<Answer> => {
    if (role === 'wire') return { ok: await wire.act(op, members) };
    if (role === 'server') return { ok: await control(op, members) };
    if (role === 'proxy') return { ok: await proxy.act(op, members) };
    return (acting[role] as Driver).ask(op, op === 'connect' ? withTarget(members) : members);
  };
}

function withTarget({ through, ...members }: Members): Members {
  return { target: through === 'proxy' ? proxy.address : server.address, ...members };
}

/** Restarts the server as a machine that goes down and comes back does. */
async function control(op: string, { after_ms: afterMs = 0 }: { after_ms?: number }): Promise<Members> {
  if (op !== 'start') await stopServer();
  if (op !== 'stop') {
    await delay(afterMs);
    await startServer();
  }
  return {};
}

async function stopServer(): Promise<void> {
  isRunning = false;
  await server.end('SIGKILL');
}

async function startServer(): Promise<void> {
  if (!isRunning) server = await ChildServer.start(databaseUrl, server.port);
  isRunning = true;
}

async function run(scenario: Scenario, worker: Language, reader: Language): Promise<void> {
  if (!drivers.has(worker) || !drivers.has(reader)) return;
  try {
    await play(scenario, playing(worker, reader));
  } finally {
    proxy.forget();
    await startServer();
    if (uses(scenario, 'connect')) await Promise.all([worker, reader].map(connect));
  }
}

async function connect(language: Language): Promise<void> {
  await drivers.get(language)?.ask('connect', { target: server.address, token: TOKEN });
}

const withBoth = SCENARIOS.filter((scenario) => hasRole(scenario, 'worker') && hasRole(scenario, 'reader'));
const withOne = SCENARIOS.filter((scenario) => !withBoth.includes(scenario));

describe.each(LANGUAGES)('%s alone', (language) => {
  const scenarios = language === 'python-asyncio' ? SCENARIOS : withOne;
  test.each(scenarios)('$name', (scenario) => run(scenario, language, language));
});

// On the wire nothing distinguishes the two clients of Python, so one of them is enough here.
const paired = LANGUAGES.filter((language) => language !== 'python-asyncio');

describe.each(paired)('%s writes', (worker) => {
  describe.each(paired)('%s reads', (reader) => {
    test.each(withBoth)('$name', (scenario) => run(scenario, worker, reader));
  });
});
