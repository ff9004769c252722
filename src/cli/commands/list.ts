import type { TaskResult } from '@taskresults/client';
import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { addFilterOptions, type FilterOptions, readFilter } from '../options/filter-options';
import { integer } from '../options/option-values';
import { basicOption, viewOf } from '../options/view-option';
import { printJson, taskResultJson } from '../output/json';
import { tableLines } from '../output/table';
import { SUMMARY_COLUMNS, summaryRow } from '../output/task-result-text';

interface Options extends ClientOptions, FilterOptions {
  limit: number;
  pageToken: string;
  basic?: boolean;
}

/** Results that one call returns at most. */
const MAX_PAGE_SIZE = 1_000;

export function addList(program: Command): void {
  addFilterOptions(clientCommand(program, 'list', 'List results, newest first'))
    .option('--limit <number>', 'show at most this many', integer(1), 50)
    .option('--page-token <token>', 'go on where a list with the same filter stopped', '')
    .addOption(basicOption())
    .addHelpText('after', EXAMPLES)
    .action(list);
}

const EXAMPLES = `
Examples:
  taskresults list --status FAILED --task app.tasks.send_mail --limit 10
  taskresults list --status READY,RUNNING --label tenant=acme --json | jq -r .id

When there is more, the token for --page-token goes to stderr.`;

async function list(options: Options): Promise<void> {
  const shown: TaskResult[] = [];
  const next = await readPages(options, (results) => {
    if (options.json) for (const result of results) printJson(taskResultJson(result));
    else shown.push(...results);
  });
  if (!options.json) for (const line of tableLines(SUMMARY_COLUMNS, shown.map(summaryRow))) console.log(line);
  if (next !== '') console.error(`there is more: --page-token ${next}`);
}

/** Reads page after page, up to the limit. Returns the token of the next page, empty at the end of the list. */
function readPages(options: Options, take: (results: TaskResult[]) => void): Promise<string> {
  return withClient(options, async (client) => {
    let left = options.limit;
    let pageToken = options.pageToken;
    do {
      const pageSize = Math.min(left, MAX_PAGE_SIZE);
      const page = await client.listPage(readFilter(options), { pageSize, pageToken, view: viewOf(options) });
      take(page.results);
      left -= page.results.length;
      pageToken = page.nextPageToken;
    } while (left > 0 && pageToken !== '');
    return pageToken;
  });
}
