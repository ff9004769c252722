import { HttpProxy } from '../../sdk/typescript/test/support/http-proxy';
import { CliServer } from '../support/cli-server';
import { type Environment, killLeftovers, type Outcome, run } from '../support/program';

const NONE = { grpc_proxy: '', https_proxy: '', no_grpc_proxy: '', no_proxy: '', NO_PROXY: '' };

let server: CliServer;
let proxy: HttpProxy;

beforeAll(async () => {
  server = await CliServer.start();
  await server.json('create', 'app.tasks.send', '--id', 'mail-1');
});

beforeEach(async () => {
  proxy = await HttpProxy.to(Number(server.address.split(':').at(-1)));
});

afterEach(() => proxy.close());

afterAll(async () => {
  await killLeftovers();
  await server.remove();
});

function get(target: string, args: readonly string[] = [], environment: Environment = {}): Promise<Outcome> {
  const env = { ...NONE, http_proxy: `http://${proxy.address}`, ...environment };
  return run(['get', 'mail-1', '--json', '--server', target, ...args], env);
}

const ANSWERED = { code: 0, stdout: expect.stringContaining('"id":"mail-1"'), stderr: '' };

test('a server elsewhere is called through the proxy, one on this machine is not', async () => {
  expect(await get('tasks.invalid:50051')).toEqual(ANSWERED);
  expect(proxy.asked).toEqual(['tasks.invalid:50051']);
  expect(await get(server.address)).toEqual(ANSWERED);
  expect(proxy.asked).toEqual(['tasks.invalid:50051']);
});

test('a proxy that makes no tunnel is named', async () => {
  proxy.isWilling = false;
  const { code, stderr } = await get('tasks.invalid:50051');
  expect(code).toBe(3);
  const named = `through proxy ${proxy.address} (http_proxy)`;
  expect(stderr).toBe(`error: the server does not answer: ${named}: No connection established (UNAVAILABLE)\n`);
});

test.each<[string, readonly string[], Environment]>([
  ['--no-proxy', ['--no-proxy'], {}],
  ['NO_PROXY', [], { NO_PROXY: 'tasks.invalid' }],
])('%s calls the server directly', async (_name, args, environment) => {
  const { code, stderr } = await get('tasks.invalid:50051', args, environment);
  expect(code).toBe(3);
  expect(stderr).not.toContain('proxy');
  expect(proxy.asked).toEqual([]);
});
