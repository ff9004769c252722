/**
 * `node docs/protocol.js` writes the contract as one page, docs/api/protocol.md: every service, message and enum with
 * the comments of the proto files.
 */
const { execFileSync } = require('node:child_process');
const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { createFileRegistry, fromBinary, ScalarType } = require('@bufbuild/protobuf');
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');

const ROOT = join(__dirname, '..');
const OURS = 'taskresults/v1/';

/** Numbers of the fields in descriptor.proto that lead to a declaration, as paths of source locations have them. */
const IN_FILE = { message: 4, enum: 5, service: 6, syntax: 12 };
const IN_MESSAGE = { field: 2, message: 3, enum: 4 };
const IN_ENUM_OR_SERVICE = 2;

const STREAMS = {
  unary: ['', ''],
  client_streaming: ['stream ', ''],
  server_streaming: ['', 'stream '],
  bidi_streaming: ['stream ', 'stream '],
};

function readFiles() {
  const buf = join(ROOT, 'node_modules/.bin/buf');
  const set = execFileSync(buf, ['build', '--as-file-descriptor-set', '-o', '-'], { cwd: ROOT, maxBuffer: 2 ** 26 });
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  return [...registry.files].filter((file) => file.name.startsWith(OURS));
}

function describeFile(file) {
  const locations = new Map(file.proto.sourceCodeInfo.location.map((location) => [location.path.join(), location]));
  const commentAt = (...path) => {
    const { leadingComments = '', trailingComments = '' } = locations.get(path.join()) ?? {};
    return text(leadingComments || trailingComments);
  };
  const header = locations.get(String(IN_FILE.syntax));
  return [
    `## ${file.name}.proto`,
    ...[...(header?.leadingDetachedComments ?? []), header?.leadingComments ?? ''].map(text),
    ...file.services.flatMap((service, i) => describeService(service, [IN_FILE.service, i], commentAt)),
    ...file.messages.flatMap((message, i) => describeMessage(message, [IN_FILE.message, i], commentAt)),
    ...file.enums.flatMap((one, i) => describeEnum(one, [IN_FILE.enum, i], commentAt)),
  ];
}

function describeService(service, path, commentAt) {
  const methods = service.methods.flatMap((method, i) => {
    const [asks, answers] = STREAMS[method.methodKind];
    const signature = `${asks}${shortName(method.input)} → ${answers}${shortName(method.output)}`;
    return [`#### ${method.name}`, `\`${signature}\``, commentAt(...path, IN_ENUM_OR_SERVICE, i)];
  });
  return [`### service ${service.name}`, commentAt(...path), ...methods];
}

function describeMessage(message, path, commentAt) {
  const fields = message.fields.flatMap((field, i) => [
    `- \`${field.name}\` (${typeOf(field)}${field.oneof ? `, one of \`${field.oneof.name}\`` : ''})`,
    indented(commentAt(...path, IN_MESSAGE.field, i)),
  ]);
  return [
    `### message ${shortName(message)}`,
    commentAt(...path),
    ...fields,
    ...message.nestedMessages.flatMap((one, i) => describeMessage(one, [...path, IN_MESSAGE.message, i], commentAt)),
    ...message.nestedEnums.flatMap((one, i) => describeEnum(one, [...path, IN_MESSAGE.enum, i], commentAt)),
  ];
}

function describeEnum(one, path, commentAt) {
  const values = one.values.flatMap((value, i) => [
    `- \`${value.name}\` = ${value.number}`,
    indented(commentAt(...path, IN_ENUM_OR_SERVICE, i)),
  ]);
  return [`### enum ${shortName(one)}`, commentAt(...path), ...values];
}

function typeOf(field) {
  switch (field.fieldKind) {
    case 'list':
      return `repeated ${valueType(field)}`;
    case 'map':
      return `map from ${ScalarType[field.mapKey].toLowerCase()} to ${valueType(field)}`;
    default:
      return field.presence === 1 && !field.message && !field.oneof ? `optional ${valueType(field)}` : valueType(field);
  }
}

function valueType({ message, enum: one, scalar }) {
  if (message) return shortName(message);
  return one ? shortName(one) : ScalarType[scalar].toLowerCase();
}

/** Without the package where it is ours. */
function shortName({ typeName }) {
  return typeName.replace(/^taskresults\.v1\./, '');
}

/** A comment as Markdown. What is indented in it, such as a table, keeps its columns; each code begins a paragraph. */
function text(comment) {
  return comment
    .replace(/^ /gm, '')
    .replace(/^ {2}/gm, '    ')
    .replace(/\n(?=[A-Z_]{5,}: )/g, '\n\n')
    .trimEnd();
}

function indented(markdown) {
  return markdown.replace(/^(?=.)/gm, '  ');
}

const page = ['# The protocol', ...readFiles().flatMap(describeFile)].filter((part) => part !== '').join('\n\n');
mkdirSync(join(__dirname, 'api'), { recursive: true });
writeFileSync(join(__dirname, 'api/protocol.md'), `${page}\n`);
