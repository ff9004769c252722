import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { create, createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { service as health } from 'grpc-health-check';
import { fresh } from '../support/fresh';
import { call, startOn, type TestService } from '../support/service';
import { until } from '../support/until';

const SERVICES = ['taskresults.v1.TaskLifecycleService', 'taskresults.v1.TaskResultService'];
const BUF = join(__dirname, '../../node_modules/.bin/buf');

interface HealthAnswer {
  status: 'SERVING' | 'NOT_SERVING';
}

function check({ reads }: TestService, service: string): Promise<HealthAnswer> {
  const { path, requestSerialize, responseDeserialize } = health.Check as typeof health.Check & object;
  return call((done) =>
    reads.makeUnaryRequest(path, requestSerialize, responseDeserialize as never, { service }, done as never),
  );
}

describe('health', () => {
  test.each(['', ...SERVICES])('Check of "%s" says SERVING', async (name) => {
    const service = await startOn('sqlite');
    try {
      expect(await check(service, name)).toEqual({ status: 'SERVING' });
    } finally {
      await service.stop();
    }
  });

  test('Check of a service nobody knows says NOT_FOUND', async () => {
    const service = await startOn('sqlite');
    try {
      await expect(check(service, 'other')).rejects.toMatchObject({ code: status.NOT_FOUND });
    } finally {
      await service.stop();
    }
  });

  test('Watch goes to NOT_SERVING when the server stops, and does not keep it from stopping', async () => {
    // Longer than the test may take: a stop that waits for it fails.
    const service = await startOn('sqlite', { shutdownGraceMs: 600_000 });
    const { path, requestSerialize, responseDeserialize } = health.Watch as typeof health.Watch & object;
    const seen: string[] = [];
    const stream = service.reads.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      service: SERVICES[0],
    });
    stream.on('data', (answer: unknown) => seen.push((answer as HealthAnswer).status)).on('error', () => {});
    try {
      await until(() => seen.length === 1, 'the first status');
      await service.stopServer();
      await until(() => seen.length === 2, 'the second status');
      expect(seen).toEqual(['SERVING', 'NOT_SERVING']);
    } finally {
      stream.cancel();
      await service.stop();
    }
  });
});

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn('sqlite');
  });
  afterAll(() => service?.stop());

  /** Asks one question, as field number and text. Returns the one field of the answer that has this number. */
  const ask = (question: number, text: string, answer: number): Promise<Uint8Array> => {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const bytes = (value: Buffer) => value;
    const stream = service.reads.makeBidiStreamRequest(path, bytes, bytes);
    stream.end(
      Buffer.from(
        new BinaryWriter()
          .uint32((question << 3) | 2)
          .string(text)
          .finish(),
      ),
    );
    return new Promise((resolve, reject) => {
      stream.on('error', reject).on('data', (response: Buffer) => resolve(fields(response, answer)[0] as Uint8Array));
    });
  };
  const files = async (question: number, text: string): Promise<FileDescriptorProto[]> =>
    fields(await ask(question, text, 4), 1).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));

  test('lists both services', async () => {
    const listed = fields(await ask(7, '', 6), 1).map((entry) => Buffer.from(fields(entry, 1)[0] ?? []).toString());
    expect(listed).toEqual(expect.arrayContaining(SERVICES));
  });

  test.each(SERVICES)('hands out %s with all that it imports', async (name) => {
    const found = new Map((await files(4, name)).map((file) => [file.name, file]));
    // A client asks for what an answer leaves out.
    for (const { dependency } of found.values()) {
      for (const missing of dependency.filter((file) => !found.has(file))) {
        for (const file of await files(3, missing)) found.set(file.name, file);
      }
    }
    // The registry takes a file after those it imports.
    const ordered = new Set<FileDescriptorProto>();
    const add = (file: FileDescriptorProto | undefined) => {
      if (!file || ordered.has(file)) return;
      for (const dependency of file.dependency) add(found.get(dependency));
      ordered.add(file);
    };
    for (const file of found.values()) add(file);
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...ordered] }));
    const known = [...registry].map(({ typeName }) => typeName as string);
    expect(registry.getService(name)?.methods.length).toBeGreaterThan(6);
    expect(known).toEqual(expect.arrayContaining(['google.protobuf.Timestamp', 'google.protobuf.Duration']));
    const result = registry.getMessage('taskresults.v1.TaskResult');
    const optional = result?.fields.filter(({ proto }) => proto.proto3Optional).map((field) => field.name);
    expect(optional).toEqual(['started_at', 'last_attempted_at', 'finished_at', 'return_value_json', 'expires_at']);
  });

  test('google.rpc.Status, which transitions answer with, is among it', async () => {
    expect((await files(4, 'google.rpc.Status')).map((file) => file.name)).toContain('google/rpc/status.proto');
  });
});

function fields(message: Uint8Array, number: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const reader = new BinaryReader(message); reader.pos < reader.len; ) {
    const [field, wireType] = reader.tag();
    if (field === number && wireType === 2) found.push(reader.bytes());
    else reader.skip(wireType);
  }
  return found;
}

describe('a stranger with buf curl and no proto at hand', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn('sqlite');
  });
  afterAll(() => service?.stop());

  const curl = async (rpc: string, request: object) => {
    const url = `http://${service.address}/taskresults.v1.${rpc}`;
    const args = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '-d', JSON.stringify(request), url];
    const { stdout } = await promisify(execFile)(BUF, args);
    return JSON.parse(stdout);
  };

  test('creates, starts, finishes and gets', async () => {
    const id = fresh();
    const argsJson = '[12345678901234567890123]';
    const created = await curl('TaskLifecycleService/CreateTaskResult', {
      id,
      task: { path: 'app.tasks.add' },
      argsJson,
    });
    expect(created.state).toMatchObject({ id, status: 'TASK_RESULT_STATUS_READY', revision: '1' });
    const { attempt } = await curl('TaskLifecycleService/StartAttempt', { id, workerId: 'buf', lease: '60s' });
    const succeeded = { returnValueJson: 'null' };
    await curl('TaskLifecycleService/FinishAttempt', { id, attempt, succeeded });
    const { taskResult } = await curl('TaskResultService/GetTaskResult', { id });
    expect(taskResult).toMatchObject({
      status: 'TASK_RESULT_STATUS_SUCCESSFUL',
      argsJson,
      returnValueJson: 'null',
      workerIds: ['buf'],
    });
  });
});
