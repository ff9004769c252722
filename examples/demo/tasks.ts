import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** What workers can run, by task path. */
export const TASKS: Readonly<Record<string, (file: string, attempt: number) => Promise<unknown>>> = {
  'demo.checksum': checksum,
  'demo.flaky_checksum': flakyChecksum,
  'demo.read_ahead': readAhead,
};

async function checksum(file: string) {
  const hash = createHash('sha256');
  let lines = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
    for (const byte of chunk) if (byte === 0x0a) lines++;
  }
  return { sha256: hash.digest('hex'), lines };
}

/** Fails once, as things do that depend on others. */
async function flakyChecksum(file: string, attempt: number) {
  if (attempt === 1) throw new Error(`${file} is busy`);
  return checksum(file);
}

/** Returns null: it is run for its effect. */
async function readAhead(file: string): Promise<null> {
  await readFile(file);
  return null;
}
