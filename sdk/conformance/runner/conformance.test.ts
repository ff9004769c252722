import { DRIVERS, Driver, type Language, NoToolchain } from './driver';
import { hasRole, readScenarios, type Scenario } from './scenario';
import { World } from './world';

/** The servers require it, so that every call of every SDK shows that it sends one. */
const TOKEN = 'conformance';

/** `TASKRESULTS_TEST_SDKS=go,java` plays only these. */
const LANGUAGES = (process.env.TASKRESULTS_TEST_SDKS?.split(',') ?? Object.keys(DRIVERS)) as Language[];
const SCENARIOS = readScenarios();

const drivers = new Map<Language, Driver>();
/** One for all, and one for each language alone, so that they play at the same time. */
let common: World;
const own = new Map<Language, World>();

beforeAll(async () => {
  process.env.TASKRESULTS_TOKEN = TOKEN;
  common = await World.start(TOKEN);
  const started = await Promise.allSettled(LANGUAGES.map(start));
  for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason;
});

afterAll(async () => {
  await Promise.all([...drivers.values()].map((driver) => driver.stop()));
  await Promise.all([common, ...own.values()].map((world) => world.stop()));
});

async function start(language: Language): Promise<void> {
  const world = await World.start(TOKEN);
  own.set(language, world);
  try {
    drivers.set(language, await Driver.start(language, world.address, TOKEN));
  } catch (error) {
    if (!(error instanceof NoToolchain) || process.env.CI === 'true') throw error;
    console.warn(`THE ${language.toUpperCase()} SDK IS NOT TESTED: ${error.message}`);
  }
}

const withBoth = SCENARIOS.filter((scenario) => hasRole(scenario, 'worker') && hasRole(scenario, 'reader'));
const withOne = SCENARIOS.filter((scenario) => !withBoth.includes(scenario));

// On the wire nothing distinguishes the two clients of Python, so one of them is enough where two SDKs play.
const paired = LANGUAGES.filter((language) => language !== 'python-asyncio');
const unpaired = LANGUAGES.filter((language) => language === 'python-asyncio');

describe('each SDK alone, all at the same time', () => {
  test.each(withOne)('$name', (scenario) => playAlone(scenario, LANGUAGES));
  test.each(withBoth)('$name', (scenario) => playAlone(scenario, unpaired));
});

describe.each(paired)('%s writes', (worker) => {
  describe.each(paired)('%s reads', (reader) => {
    beforeAll(async () => {
      for (const language of [worker, reader]) {
        const driver = drivers.get(language);
        if (driver) await common.connect(driver);
      }
    });

    test.each(withBoth)('$name', (scenario) => playTogether(scenario, worker, reader));
  });
});

async function playAlone(scenario: Scenario, languages: readonly Language[]): Promise<void> {
  const plays = languages.map(async (language) => {
    const driver = drivers.get(language);
    if (driver) await own.get(language)?.run(scenario, driver, driver);
  });
  const outcomes = await Promise.allSettled(plays);
  const failures = outcomes.flatMap((outcome, i) =>
    outcome.status === 'rejected' ? `${languages[i]}: ${outcome.reason?.message ?? outcome.reason}` : [],
  );
  if (failures.length > 0) throw new Error(failures.join('\n\n'));
}

async function playTogether(scenario: Scenario, worker: Language, reader: Language): Promise<void> {
  const [writing, reading] = [drivers.get(worker), drivers.get(reader)];
  if (writing && reading) await common.run(scenario, writing, reading);
}
