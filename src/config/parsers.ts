import { isIP, isIPv6 } from 'node:net';
import { parseDatabaseUrl } from './database-url';
import { formatBytes, parseBytes, parseDuration } from './units';

/** Reads the text of a setting. Throws a Refusal that says what is allowed. */
export type Parser<T> = (text: string) => T;

export interface Setting<T = unknown> {
  readonly env: string;
  /**
   * As commander takes it, e.g. `--port <number>`. Null: from the environment only, since flags show in process lists.
   */
  readonly flags: string | null;
  /** As a user would write it. Null: unset. */
  readonly default: string | null;
  readonly description: string;
  readonly parse: Parser<T>;
}

/** The message says what is allowed; it is read after the name of the setting. */
export class Refusal extends Error {}

export const MIB = 1024 ** 2;
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const DAY = 86_400_000;

export function setting<T>(
  name: string,
  argument: string,
  fallback: string,
  description: string,
  parse: Parser<T>,
): Setting<T> {
  const env = `TASKRESULTS_${name.toUpperCase().replaceAll('-', '_')}`;
  return { env, flags: `--${name} ${argument}`, default: fallback, description, parse };
}

export function secret(env: string, description: string): Setting<string | null> {
  return { env, flags: null, default: null, description, parse: token };
}

/** What the kernel takes, less the byte that ends it. */
const MAX_SOCKET_PATH_BYTES = 107;

/** What to listen on. An IPv6 address may stand in brackets, as in front of a port. A Unix socket is `unix:/path`. */
export function host(text: string): string {
  if (text.startsWith('unix:')) return unixSocket(text);
  const [, inBrackets] = /^\[(.*)\]$/.exec(text) ?? [];
  const isHost = inBrackets === undefined ? isIP(text) !== 0 || /^[\w.-]+$/.test(text) : isIPv6(inBrackets);
  if (isHost) return inBrackets ?? text;
  throw new Refusal(`must be an IP address or the name of a host, without a port, or unix:/path, not "${text}"`);
}

/** gRPC's name of a Unix socket. Two more slashes are as good. */
function unixSocket(text: string): string {
  const [, path = ''] = /^unix:(?:\/\/)?(\/.*[^/])$/.exec(text) ?? [];
  if (path !== '' && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return `unix:${path}`;
  throw new Refusal(
    `must be unix: and the path of a file from the root, at most ${MAX_SOCKET_PATH_BYTES} bytes long, not "${text}"`,
  );
}

/** The path of a Unix socket that is given as `host`. Null: it is a host. */
export function socketPath(host: string): string | null {
  return host.startsWith('unix:') ? host.slice('unix:'.length) : null;
}

export function port(text: string): number {
  // Kubernetes sets this in every pod of a namespace that has a Service of that name.
  const hint = text.startsWith('tcp://') ? '; Kubernetes set it for a Service named taskresults: give --port' : '';
  return integer(0, 65_535, hint)(text);
}

export function integer(min: number, max: number, hint = ''): Parser<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new Refusal(`must be a whole number from ${min} to ${max}, not "${text}"${hint}`);
  };
}

export function size(min: number, max: number): Parser<number> {
  return (text) => {
    const bytes = parseBytes(text);
    if (bytes !== null && bytes >= min && bytes <= max) return bytes;
    const range = `from ${formatBytes(min)} to ${formatBytes(max)}`;
    throw new Refusal(`must be a number of bytes, or one with KiB or MiB, ${range}, not "${text}"`);
  };
}

export function duration(min: number, max: number, alternative = ''): Parser<number> {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== null && ms >= min && ms <= max) return ms;
    const shortest = min >= MINUTE ? `${min / MINUTE}m` : min >= SECOND ? `${min / SECOND}s` : `${min}ms`;
    const range = `from ${shortest} to ${max / DAY}d`;
    throw new Refusal(`must be ${alternative}a number with ms, s, m, h or d, ${range}, not "${text}"`);
  };
}

export function oneOf<T extends string>(choices: readonly T[]): Parser<T> {
  return (text) => {
    const choice = choices.find((one) => one === text);
    if (choice !== undefined) return choice;
    throw new Refusal(`must be one of ${choices.join(', ')}, not "${text}"`);
  };
}

export function databaseUrl(text: string) {
  const url = parseDatabaseUrl(text);
  if ('mistake' in url) throw new Refusal(url.mistake);
  return url;
}

/** Clients and proxies refuse headers of more than 8 KB in all. */
const MAX_TOKEN_LENGTH = 4_096;

/** What may stand in a header. */
function token(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text) && text.length <= MAX_TOKEN_LENGTH) return text;
  throw new Refusal(`must be 1 to ${MAX_TOKEN_LENGTH} visible ASCII characters, without spaces`);
}
