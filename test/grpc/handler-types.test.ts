import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaskLifecycleServiceService } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceService } from '@taskresults/protocol/taskresults/v1/task_result_service';
import ts from 'typescript';

const ROOT = join(__dirname, '../..');
const HANDLERS = join(ROOT, 'src/grpc/handlers');
const FILES = [...readdirSync(HANDLERS).map((name) => join(HANDLERS, name)), join(ROOT, 'src/grpc/server.ts')];
const METHODS = Object.keys({ ...TaskResultServiceService, ...TaskLifecycleServiceService });

type Kind = 'a misspelt field of a request' | 'a misspelt field of an answer' | 'a missing handler';

/** One place in the source of handlers, and what a mistake puts there. */
interface Mistake {
  kind: Kind;
  /** What stands there now. */
  name: string;
  file: string;
  start: number;
  end: number;
  text: string;
}

// Each mistake is made in a copy of its own, so that one run of the compiler tells which of them it finds.
const mistakes = FILES.flatMap(mistakesIn);
const copies = new Map<string, string>();
const copyOf = (mistake: Mistake) => mistake.file.replace('.ts', `-mistake-${mistakes.indexOf(mistake)}.ts`);
let program: ts.Program;

beforeAll(() => {
  for (const mistake of mistakes) {
    const source = readFileSync(mistake.file, 'utf8');
    copies.set(copyOf(mistake), source.slice(0, mistake.start) + mistake.text + source.slice(mistake.end));
  }
  program = compile([...FILES, ...copies.keys()]);
});

test('the compiler has nothing against the handlers as they are', () => {
  expect(FILES.flatMap(errorsIn)).toEqual([]);
});

test.each<Kind>(['a misspelt field of a request', 'a misspelt field of an answer', 'a missing handler'])(
  '%s is an error of the compiler, wherever it is made',
  (kind) => {
    const made = mistakes.filter((mistake) => mistake.kind === kind);
    expect(made).not.toEqual([]);
    const notFound = made.filter((mistake) => errorsIn(copyOf(mistake)).length === 0);
    expect(notFound.map(({ name }) => name)).toEqual([]);
  },
);

test('every method has a handler that may not be missing', () => {
  const handlers = mistakes.filter(({ kind }) => kind === 'a missing handler').map(({ name }) => name);
  expect(handlers.sort()).toEqual([...METHODS].sort());
});

/** Every mistake of these kinds that can be made in a file. */
function mistakesIn(file: string): Mistake[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const found: Mistake[] = [];
  const add = (kind: Kind, name: string, place: ts.Node, text: string) =>
    found.push({ kind, name, file, start: place.getStart(), end: place.end, text });
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.expression.getText() === 'request') {
      add('a misspelt field of a request', node.getText(), node.name, `${node.name.text}Misspelt`);
    }
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      const name = node.name.getText();
      if (METHODS.includes(name)) {
        add('a missing handler', name, node, '');
      } else if (file.startsWith(HANDLERS)) {
        // An object literal there is an answer or a part of one, or some other thing whose type is known as well.
        const value = ts.isPropertyAssignment(node) ? node.initializer.getText() : name;
        add('a misspelt field of an answer', node.getText(), node, `${name}Misspelt: ${value}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function compile(files: string[]): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  options.noUnusedLocals = false; // a missing handler may leave something unused: that is not how it is to be found
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => copies.has(file) || fileExists(file);
  host.readFile = (file) => copies.get(file) ?? readFile(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const copy = copies.get(file);
    return copy === undefined
      ? getSourceFile(file, languageVersion, ...rest)
      : ts.createSourceFile(file, copy, languageVersion);
  };
  return ts.createProgram(files, options, host);
}

function errorsIn(file: string): string[] {
  const errors = program.getSemanticDiagnostics(program.getSourceFile(file));
  return errors.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
