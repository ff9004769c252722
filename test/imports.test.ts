import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const BIOME = join(ROOT, 'node_modules/.bin/biome');

interface Report {
  diagnostics: { category: string; location: { path: string } }[];
}

/** The files whose only import the linter refuses. Each is linted by the rules of the place that its name says. */
function refused(imports: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'taskresults-imports-'));
  try {
    for (const rules of ['biome.json', 'biome.imports.jsonc']) copyFileSync(join(ROOT, rules), join(folder, rules));
    for (const [file, imported] of Object.entries(imports)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `import { something } from '${imported}';\n\nconsole.log(something);\n`);
    }
    const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.'];
    const { stdout } = spawnSync(BIOME, args, { cwd: folder, encoding: 'utf8' });
    const { diagnostics } = JSON.parse(stdout) as Report;
    return diagnostics
      .filter(({ category }) => category === 'lint/style/noRestrictedImports')
      .map(({ location }) => location.path)
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('what leads back, past a room, or out of the project where nothing may, is refused', () => {
  const imports = {
    'src/domain/a.ts': '../config/config',
    'src/domain/b.ts': 'node:fs',
    'src/domain/c.ts': 'lru-cache',
    'src/service/a.ts': '../config/config',
    'src/service/b.ts': '@grpc/grpc-js',
    'src/service/reading/a.ts': '../../config/config',
    'src/service/reading/b.ts': '../../store/reader',
    'src/store/a.ts': '../service/stopwatch',
    'src/store/mysql/a.ts': '../../grpc/status',
    'src/store/b.ts': 'pino',
    'src/grpc/a.ts': '../store/open',
    'src/grpc/handlers/a.ts': '../../config/config',
    'src/grpc/b.ts': 'typeorm',
    'src/config/a.ts': '../grpc/server',
    'src/server/a.ts': '../cli/failure',
    'src/cli/a.ts': '../grpc/status',
    'src/cli/commands/a.ts': '../../gen/taskresults/v1/task_result',
    'src/cli/commands/b.ts': '@taskresults/protocol',
    'src/main.ts': './server/service',
    'bench/a.ts': '../src/grpc/status',
    'examples/demo/a.ts': '../../src/domain/text',
    'sdk/typescript/src/a.ts': '../../../src/domain/text',
    'sdk/typescript/test/a.ts': '../../../src/domain/text',
    'sdk/typescript/test/support/a.ts': '../../../../src/domain/text',
    'sdk/typescript/example/a.ts': '../src/index',
  };
  expect(refused(imports)).toEqual(Object.keys(imports).sort());
});

test('what is new in src is closed until it is opened', () => {
  const imports = {
    'src/extra.ts': './domain/text',
    'src/extra/a.ts': './b',
    'src/extra/deeper/a.ts': '../../domain/text',
    'src/domain/a.ts': '../extra',
    'src/service/a.ts': '../extra',
    'src/service/reading/a.ts': '../../extra',
    'src/store/a.ts': '../extra/a',
    'src/grpc/handlers/a.ts': '../../extra/a',
    'src/cli/commands/a.ts': '../../extra',
    'src/server/a.ts': '../extra',
    'src/main.ts': './extra',
  };
  expect(refused(imports)).toEqual(Object.keys(imports).sort());
});

test('what leads on, and what is in the same room, is allowed', () => {
  const imports = {
    'src/domain/a.ts': './text',
    'src/service/reading/a.ts': '../stopwatch',
    'src/service/reading/b.ts': '../../domain/text',
    'src/store/mysql/a.ts': '../dialect',
    'src/store/a.ts': 'mysql2/promise',
    'src/grpc/handlers/a.ts': '../../service/reading/reads',
    'src/grpc/handlers/b.ts': '@taskresults/protocol/taskresults/v1/task_result',
    'src/cli/commands/a.ts': '../../server/service',
    'src/cli/commands/b.ts': '@taskresults/client',
    'sdk/typescript/test/a.ts': '../src/index',
  };
  expect(refused(imports)).toEqual([]);
});
