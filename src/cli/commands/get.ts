import type { Command } from 'commander';
import { Failure } from '../../server/failure';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { nonEmpty } from '../options/option-values';
import { basicOption, viewOf } from '../options/view-option';
import { printJson, taskResultJson } from '../output/json';
import { tableLines } from '../output/table';
import { detailLines, SUMMARY_COLUMNS, summaryRow } from '../output/task-result-text';

interface Options extends ClientOptions {
  expectPath?: string;
  basic?: boolean;
}

export function addGet(program: Command): void {
  clientCommand(program, 'get <id...>', 'Show results; several ids are read together')
    .option('--expect-path <path>', 'the result must belong to this task; for one id', nonEmpty)
    .addOption(basicOption())
    .addHelpText('after', EXAMPLES)
    .action(get);
}

const EXAMPLES = `
Examples:
  taskresults get report-2026-01
  taskresults get report-2026-01 report-2026-02 --json | jq -r .returnValueJson`;

async function get(ids: string[], options: Options, command: Command): Promise<void> {
  const [id] = ids;
  if (ids.length === 1 && id !== undefined) return getOne(id, options);
  if (options.expectPath !== undefined) command.error('error: --expect-path goes with one id');
  return getMany(ids, options);
}

async function getOne(id: string, options: Options): Promise<void> {
  const request = { path: options.expectPath, view: viewOf(options) };
  const result = await withClient(options, (client) => client.get(id, request));
  if (options.json) printJson(taskResultJson(result));
  else for (const line of detailLines(result)) console.log(line);
}

/** Shows those that exist, and fails when one does not. */
async function getMany(ids: string[], options: Options): Promise<void> {
  const { found, missing } = await withClient(options, (client) => client.getMany(ids, { view: viewOf(options) }));
  if (options.json) for (const result of found) printJson(taskResultJson(result));
  else for (const line of tableLines(SUMMARY_COLUMNS, found.map(summaryRow))) console.log(line);
  if (missing.length > 0) throw new Failure(`no such task result: ${missing.map((id) => `"${id}"`).join(', ')}`);
}
