import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { killLeftovers, run } from '../support/program';

afterAll(killLeftovers);

const COMMANDS = [
  'serve',
  'migrate',
  'create',
  'start',
  'renew',
  'finish',
  'fail-unstarted',
  'get',
  'refresh',
  'watch',
  'list',
  'delete',
];

test.each(COMMANDS)('%s --help shows how to use it, with an example', async (command) => {
  const { code, stdout, stderr } = await run([command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Usage: taskresults ${command} [options]`);
  expect(stdout).toMatch(new RegExp(`Examples?:\n.* taskresults ${command}`));
});

test('--help names every command and the exit codes', async () => {
  const { code, stdout } = await run(['--help']);
  expect(code).toBe(0);
  for (const command of COMMANDS) expect(stdout).toContain(`\n  ${command} [options]`);
  expect(stdout).toContain('3  the server cannot be reached');
});

test('--help marks the options that are required', async () => {
  const { stdout } = await run(['renew', '--help']);
  expect(stdout).toMatch(/ --attempt <number> .*\(required\)\n/);
  expect(stdout).toMatch(/ --lease <duration> .*\(required\)\n/);
  expect(stdout.match(/\(required\)/g)).toHaveLength(2);
});

test('--version', async () => {
  expect(await run(['--version'])).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
});

test.each([
  [['frobnicate'], "unknown command 'frobnicate'"],
  [['list', '--colour'], "unknown option '--colour'"],
  [['create'], "missing required argument 'path'"],
  [['get'], "missing required argument 'id'"],
  [['get', 'a', 'b', '--expect-path', 'x'], '--expect-path goes with one id'],
  [['start', 'a'], "required option '--worker <id>' not specified"],
  [['start', 'a', '--worker', 'w', '--lease', '8d'], 'It must be a number with ms, s, m, h or d'],
  [['create', 'a', '--priority', '101'], 'It must be a whole number from -100 to 100.'],
  [['create', 'a', '--run-after', '2026-02-30T00:00:00Z'], 'It must be a time like'],
  [['create', 'a', '--label', 'name'], 'It must be name=value.'],
  [['list', '--status', 'DONE'], 'It must be one of READY, RUNNING, FAILED, SUCCESSFUL.'],
  [['list', '--timeout', 'soon'], 'It must be a number with ms, s, m, h or d'],
  [['finish', 'a', '--attempt', '1'], 'give --value, or --error-class'],
  [['finish', 'a', '--attempt', '1', '--value', '1', '--retry'], 'cannot be used with'],
  [['finish', 'a', '--attempt', '1', '--message', 'x'], 'need --error-class'],
  [['refresh', 'a', '--revision', '1'], '--revision needs --incarnation'],
  [['delete', 'a', '--revision', '1'], '--revision needs --incarnation'],
  [
    ['finish', 'a', '--attempt', '1', '--error-class', 'X', '--traceback-file', '/nowhere'],
    'cannot read --traceback-file',
  ],
  [['create', 'a', '--id', ''], 'It must not be empty.'],
  [['create', 'a', '--args', ''], 'It must not be empty.'],
  [['create', 'a', '--kwargs', ''], 'It must not be empty.'],
  [['finish', 'a', '--attempt', '1', '--value', ''], 'It must not be empty.'],
  [['finish', 'a', '--attempt', '1', '--error-class', ''], 'It must not be empty.'],
  [['fail-unstarted', 'a', '--error-class', ''], 'It must not be empty.'],
  [['get', 'a', '--expect-path', ''], 'It must not be empty.'],
  [['list', '--queue', ''], 'It must not be empty.'],
  [['watch', '--worker', ''], 'It must not be empty.'],
  [['get', 'a', '--server', ''], 'It must not be empty.'],
  [['watch', 'a', '--queue', 'mail'], 'give ids or a filter, not both'],
  [['get', 'a', '--server', 'localhost'], 'It must be host:port, such as 127.0.0.1:50051'],
  [['get', 'a', '--server', '::1'], 'such as 127.0.0.1:50051 or [::1]:50051.'],
  [['get', 'a', '--server', '::1:50051'], 'such as 127.0.0.1:50051 or [::1]:50051.'],
  [['get', 'a', '--server', ':50051'], 'It must be host:port'],
  [['get', 'a', '--server', 'localhost:grpc'], 'It must be host:port'],
  [['get', 'a', '--server', 'localhost:70000'], 'Its port must be a number from 1 to 65535.'],
  [['get', 'a', '--server', 'http://localhost:50051'], 'It must be host:port without http://'],
  [['get', 'a', '--server', 'https://localhost:50051'], 'without https://, such as 127.0.0.1:50051 or'],
  [['get', 'a', '--server', 'https://localhost:50051'], 'and --tls for TLS.'],
])('%p is a usage mistake', async (args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(message);
});

test('nobody at that address: one line and 3', async () => {
  const { code, stdout, stderr } = await run(['get', 'a', '--server', '127.0.0.1:1']);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toMatch(/^error: the server does not answer: .*\(UNAVAILABLE\)\n$/);
});

test('a watch that a silent server does not open in time: one line and 3', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    const { port } = silent.address() as AddressInfo;
    const { code, stderr } = await run(['watch', 'a', '--timeout', '1s', '--server', `127.0.0.1:${port}`]);
    expect(stderr).toMatch(/^error: the server does not answer: the watch was not opened within 1000 ms .*\n$/);
    expect(code).toBe(3);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});

test.each([
  ['', 'It must not be empty.'],
  ['localhost', 'It must be host:port'],
])('TASKRESULTS_SERVER="%s" is a usage mistake', async (address, message) => {
  const { code, stderr } = await run(['get', 'a'], { TASKRESULTS_SERVER: address });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test('names that gRPC resolves in its own ways are taken', async () => {
  const { code, stderr } = await run(['get', 'a', '--server', 'unix:/nowhere.sock']);
  expect(code).toBe(3);
  expect(stderr).toContain('/nowhere.sock');
});

test('a watch that cannot be opened at all: one line and 3', async () => {
  const { code, stderr } = await run(['watch', 'a', '--server', '127.0.0.1:1']);
  expect(code).toBe(3);
  expect(stderr).toMatch(/^error: the server does not answer: .*\n$/);
});

test('TASKRESULTS_DEBUG=1 adds the stack', async () => {
  const { stderr } = await run(['get', 'a', '--server', '127.0.0.1:1'], { TASKRESULTS_DEBUG: '1' });
  expect(stderr).toMatch(/\n {4}at /);
});
