/**
 * Asks a server for its health again and again, in a thread of its own, so that it measures the server and not the
 * test. `workerData.port` is the server's; every message is the time that one check took, in ms.
 */
const { connect } = require('node:http2');
const { parentPort, workerData } = require('node:worker_threads');

const PAUSE_MS = 50;
const EMPTY_MESSAGE = Buffer.alloc(5);

const session = connect(`http://127.0.0.1:${workerData.port}`);
const headers = {
  ':method': 'POST',
  ':path': '/grpc.health.v1.Health/Check',
  te: 'trailers',
  'content-type': 'application/grpc',
};

function check() {
  const start = performance.now();
  const stream = session.request(headers);
  let status;
  stream.on('response', (answer) => {
    status ??= answer['grpc-status'];
  });
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status'];
  });
  stream.on('close', () => {
    if (status !== '0') throw new Error(`a health check was answered ${status}`);
    parentPort.postMessage(Math.round(performance.now() - start));
    setTimeout(check, PAUSE_MS);
  });
  stream.resume();
  stream.end(EMPTY_MESSAGE);
}

check();
