import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** The task that the worker runs, and the watcher follows. */
export const CHECKSUM = 'example.checksum';

/** SHA-256 of a file. */
export async function checksum(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest('hex');
}
