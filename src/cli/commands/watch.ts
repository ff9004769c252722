import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { addFilterOptions, type FilterOptions, isFiltered, readFilter } from '../options/filter-options';
import { basicOption, viewOf } from '../options/view-option';
import { watchDisplay } from '../output/watch-display';

interface Options extends ClientOptions, FilterOptions {
  keepOpen?: boolean;
  basic?: boolean;
}

/** Ids that one watch takes at most. */
const MAX_IDS = 1_000;

export function addWatch(program: Command): void {
  addFilterOptions(
    clientCommand(program, 'watch [id...]', 'Follow results live: these ids, or all that match a filter'),
  )
    .option('--keep-open', 'go on after every id is finished, deleted or not found')
    .addOption(basicOption())
    .addHelpText('after', EXAMPLES)
    .action(watch);
}

const EXAMPLES = `
Examples:
  taskresults watch report-2026-01 report-2026-02
  taskresults watch --status RUNNING,FAILED --queue mail --json

A watch of ids ends when all are finished: with 0 when all are SUCCESSFUL, else with 1. A watch by filter goes on until
Ctrl-C. --timeout is how long it may take to open the watch; once open, it has no end of its own, and outlives restarts of
the server. On a terminal it is a table that is drawn again in place. When not all rows fit, failures come first, then what
changed last, and the others are counted.`;

async function watch(ids: string[], options: Options, command: Command): Promise<void> {
  if (ids.length > MAX_IDS) command.error(`error: at most ${MAX_IDS} ids`);
  if (ids.length > 0 && isFiltered(options)) command.error('error: give ids or a filter, not both');
  const target = ids.length > 0 ? { ids } : { filter: readFilter(options) };
  const display = watchDisplay(options, ids);
  const onLost = (why: string) => display.lost(why);
  const unsuccessful = new Set(ids);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      display.close();
      process.kill(process.pid, signal); // now nobody catches it, and it ends the process
    });
  }

  try {
    await withClient(options, async (client) => {
      const { keepOpen } = options;
      for await (const event of client.watchEvents(target, { view: viewOf(options), keepOpen, onLost })) {
        display.show(event);
        if (event.type === 'snapshot' && event.result.status === 'SUCCESSFUL') unsuccessful.delete(event.result.id);
      }
    });
  } finally {
    display.close();
  }
  if (unsuccessful.size > 0) process.exitCode = 1;
}
