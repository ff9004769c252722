import { proxyOf } from '../src/proxy';
import { Fixture, freshId } from './support/fixture';
import { HttpProxy } from './support/http-proxy';

const AWAY = 'tasks.invalid:50051';
const TASK = { path: 'app.tasks.add' };
const VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_grpc_proxy', 'no_proxy', 'NO_PROXY'];

let fixture: Fixture;
let proxy: HttpProxy;
const before = { ...process.env };

beforeAll(async () => {
  fixture = await Fixture.start();
});

beforeEach(async () => {
  proxy = await HttpProxy.to(fixture.server.port);
  for (const name of VARIABLES) delete process.env[name];
  process.env.http_proxy = `http://user:secret@${proxy.address}`;
});

afterEach(async () => {
  for (const name of VARIABLES) delete process.env[name];
  Object.assign(process.env, before);
  await proxy.close();
});

afterAll(() => fixture.remove());

test('a server elsewhere is called through the proxy', async () => {
  const client = fixture.client({ target: AWAY });
  const { id } = await client.create(TASK);
  expect((await client.get(id)).id).toBe(id);
  expect(proxy.asked).toEqual([AWAY]);
});

test.each(['127.0.0.1', 'localhost', 'dns:///localhost', 'ipv4:127.0.0.1'])('loopback is not: %s', async (host) => {
  await fixture.client({ target: `${host}:${fixture.server.port}` }).create(TASK);
  expect(proxy.asked).toEqual([]);
});

test.each(['no_proxy', 'NO_PROXY', 'no_grpc_proxy'])('what %s lists is called directly', async (name) => {
  process.env[name] = 'elsewhere.example, .invalid';
  await expect(fixture.client({ target: AWAY, retry: false }).create(TASK)).rejects.toThrow(/^(?!through proxy)/);
  expect(proxy.asked).toEqual([]);
});

test('an option turns proxies off', async () => {
  const client = fixture.client({ target: AWAY, retry: false, proxy: false });
  await expect(client.create(TASK)).rejects.toThrow(/^(?!through proxy)/);
  expect(proxy.asked).toEqual([]);
});

test('a failure on the way names the proxy, and not its password', async () => {
  proxy.isWilling = false;
  const client = fixture.client({ target: AWAY, retry: false });
  const named = `through proxy ${proxy.address} (http_proxy): `;
  const failure = await client.get('x').catch((error) => error);
  expect(failure).toMatchObject({ reason: 'UNAVAILABLE', message: expect.stringContaining(named) });
  expect(failure.message).not.toContain('undefined');
  await expect(client.watchEvents({ ids: ['x'] }).next()).rejects.toThrow(named);
});

test('an answer of the server does not', async () => {
  await expect(fixture.client({ target: AWAY }).get(freshId())).rejects.toThrow(/^(?!through proxy)/);
  expect(proxy.asked).toEqual([AWAY]);
});

const PROXY = 'proxy.example:80 (http_proxy)';

test.each<[target: string, direct: string, proxy: string | null]>([
  ['tasks.example:1', '', PROXY],
  ['tasks.example', 'other.example', PROXY],
  ['tasks.example:1', 'Example', null],
  ['tasks.example:1', '*', null],
  ['tasks.example:1', ' , tasks.example', null],
  ['dns:///tasks.example:1', 'tasks.example', null],
  ['dns://8.8.8.8/tasks.example:1', 'tasks.example', null],
  ['10.1.2.3:1', '10.0.0.0/8', null],
  ['10.1.2.3:1', '10.0.0.0/64', PROXY],
  ['10.1.2.3:1', '11.0.0.0/8', PROXY],
  ['[fd00::1]:1', 'fd00::/16', null],
  ['[fd00::1]:1', '10.0.0.0/8', PROXY],
  ['LOCALHOST:1', '', null],
  ['tasks.localhost:1', '', null],
  ['notlocalhost:1', '', PROXY],
  ['127.8.9.10:1', '', null],
  ['[::1]:1', '', null],
  ['::1', '', null],
  ['ipv6:[::1]:1', '', null],
  ['ipv4:127.0.0.1:1,127.0.0.2:1', '', null],
  ['ipv4:127.0.0.1:1,10.0.0.1:1', '', PROXY],
  ['unix:/run/taskresults.sock', '', null],
])('to %s, without a proxy for "%s": %s', (target, direct, expected) => {
  expect(proxyOf(target, { http_proxy: 'http://proxy.example', NO_PROXY: direct })).toBe(expected);
});

test.each<[Record<string, string>, string | null]>([
  [{}, null],
  [{ grpc_proxy: 'http://a:1', https_proxy: 'http://b:2', http_proxy: 'http://c:3' }, 'a:1 (grpc_proxy)'],
  [{ grpc_proxy: '', https_proxy: 'http://b:2', http_proxy: 'http://c:3' }, 'b:2 (https_proxy)'],
  [{ http_proxy: 'https://c:3' }, null],
  [{ http_proxy: 'no URL' }, null],
])('of %j it is %s', (environment, expected) => {
  expect(proxyOf('tasks.example:1', environment)).toBe(expected);
});
