import { CliServer } from '../support/cli-server';
import { type Environment, killLeftovers, type Outcome, run } from '../support/program';
import { TlsProxy } from '../support/tls-proxy';

jest.setTimeout(120_000);

let server: CliServer;
let proxy: TlsProxy;

beforeAll(async () => {
  server = await CliServer.start();
  proxy = await TlsProxy.start(server.address, 'DNS:localhost');
  await server.json('create', 'app.tasks.send', '--id', 'secret');
});

afterAll(async () => {
  await killLeftovers();
  proxy.close();
  await server.remove();
});

function get(args: readonly string[], env: Environment = {}): Promise<Outcome> {
  return run(['get', 'secret', '--json', '--server', `localhost:${proxy.port}`, ...args], env);
}

const ANSWERED = { code: 0, stdout: expect.stringContaining('"id":"secret"'), stderr: '' };

test('--ca speaks TLS, and trusts what is in the file', async () => {
  expect(await get(['--ca', proxy.certificate])).toEqual(ANSWERED);
  expect(await get(['--tls', '--ca', proxy.certificate])).toEqual(ANSWERED);
});

test('the environment says the same', async () => {
  expect(await get([], { TASKRESULTS_CA: proxy.certificate })).toEqual(ANSWERED);
  // For gRPC this certificate is then one of those that everybody trusts.
  const known = { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: proxy.certificate };
  expect(await get([], { TASKRESULTS_TLS: 'true', ...known })).toEqual(ANSWERED);
  expect(await get(['--tls'], { TASKRESULTS_TLS: 'false', ...known })).toEqual(ANSWERED);
});

test('a server is called by its address, too', async () => {
  const byAddress = await TlsProxy.start(server.address, 'IP:127.0.0.1');
  try {
    const args = ['get', 'secret', '--json', '--server', `127.0.0.1:${byAddress.port}`, '--ca', byAddress.certificate];
    expect(await run(args)).toEqual(ANSWERED);
  } finally {
    byAddress.close();
  }
});

/** A command that reaches nobody: one line on stderr, and 3. */
async function unreachable(outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/^error: the server does not answer: .*\(UNAVAILABLE\)\n$/);
  return stderr;
}

test('a certificate that nobody trusts is refused', async () => {
  expect(await unreachable(get(['--tls']))).toContain('its certificate is not trusted; --ca names');
});

test('a certificate of another host is refused', async () => {
  const other = await TlsProxy.start(server.address, 'DNS:other.example');
  try {
    const args = ['get', 'secret', '--server', `localhost:${other.port}`, '--ca', other.certificate];
    expect(await unreachable(run(args))).toContain('its certificate is for another host');
  } finally {
    other.close();
  }
});

test('plain text where TLS is spoken, and TLS where it is not', async () => {
  expect(await unreachable(get([]))).toContain('it may speak TLS (--tls)');
  expect(await unreachable(server.run('get', 'secret', '--tls'))).toContain('it does not speak TLS on this port');
});

test.each([
  [['--ca', '/nowhere.pem'], {}, /^error: --ca \(TASKRESULTS_CA\): cannot read it: ENOENT.*\n$/],
  [['--ca', __filename], {}, /^error: --ca \(TASKRESULTS_CA\): \S+ holds no certificate in PEM format\n$/],
  [[], { TASKRESULTS_TLS: 'yes' }, /^error: TASKRESULTS_TLS: must be one of true, false, not "yes"\n$/],
])('%j with %j is a mistake', async (args, env: Environment, message) => {
  expect(await get(args, env)).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
});
