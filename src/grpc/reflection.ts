import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';

/** The standard reflection service. It hands out the files of the contract as they were compiled, to anybody. */
export function addReflection(server: Server): void {
  const bytes = readFileSync(require.resolve('@taskresults/protocol/descriptors.binpb'));
  const files = fromBinary(FileDescriptorSetSchema, bytes).file;
  const fileDescriptorProtos = files.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
  const all = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } as const;
  new ReflectionService({ all }).addToServer(server);
}
