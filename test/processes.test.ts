import { callsOf } from './support/calls';
import { ChildServer } from './support/child-server';
import { temporaryDatabase } from './support/engines';
import { connectTo } from './support/service';
import { until } from './support/until';

describe('several processes on one port', () => {
  test('a write through one is seen by watchers of the other, and a process that dies is replaced', async () => {
    const { database, drop } = await temporaryDatabase('mysql');
    const url = database.engine === 'mysql' ? database.url : '';
    const server = await ChildServer.start(url, 0, ['--migrate', '--processes', '2']);
    // Connections are handed out in turn: two clients have two processes.
    const [one, other] = [connectTo(server.address), connectTo(server.address)];
    try {
      await callsOf(one).create('x');
      const waiting = callsOf(other).wait({ id: 'x' });
      await callsOf(one).start('x');
      await callsOf(one).succeed('x');
      expect((await waiting).timedOut).toBe(false);

      const [victim, survivor] = server.children() as [number, number];
      process.kill(victim, 'SIGKILL');
      await until(() => {
        const now = server.children();
        return now.length === 2 && now.includes(survivor) && !now.includes(victim);
      }, 'another one has taken its place');
      await until(
        async () =>
          (await callsOf(one)
            .get('x')
            .catch(() => null)) !== null,
        'it serves',
      );
    } finally {
      one.close();
      other.close();
      const children = server.children();
      await server.end();
      expect(children.filter(isAlive)).toEqual([]);
      await drop();
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
