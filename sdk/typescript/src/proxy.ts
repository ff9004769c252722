import { BlockList, isIP, isIPv4 } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where gRPC looks for a proxy, best first. */
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const;

/** Where hosts are listed that are called without one. gRPC itself heeds only small letters. */
const DIRECT_VARIABLES = ['no_grpc_proxy', 'no_proxy', 'NO_PROXY'] as const;

/** What a target says besides its addresses; a name that is all scheme, such as `unix:`, has no proxy. */
const TARGET = /^(?:dns:(?:\/\/[^/]*\/)?|ipv[46]:)?(?!unix(?:-abstract)?:)(.+)$/;

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The proxy on the way to `target`, such as `proxy.example:3128 (http_proxy)`: its address without any password, and
 * the variable that names it. Null: there is none, or its name cannot be read, or the target is called directly, since
 * it is loopback or listed in `no_proxy`.
 */
export function proxyOf(target: string, environment: Environment): string | null {
  const variable = PROXY_VARIABLES.find((name) => environment[name]);
  const [, addresses] = TARGET.exec(target) ?? [];
  if (variable === undefined || addresses === undefined) return null;
  const proxy = proxyAddress(environment[variable] as string);
  if (proxy === null) return null;
  const listed = DIRECT_VARIABLES.flatMap((name) => environment[name]?.split(',') ?? []);
  const entries = listed.map((entry) => entry.trim().toLowerCase()).filter((entry) => entry !== '');
  const hosts = addresses.split(',').map(hostOf);
  return hosts.every((host) => isLoopback(host) || entries.some((entry) => covers(entry, host)))
    ? null
    : `${proxy} (${variable})`;
}

/** gRPC speaks to proxies over plain HTTP alone. */
function proxyAddress(text: string): string | null {
  try {
    const { protocol, hostname, port } = new URL(text);
    return protocol === 'http:' ? `${hostname}:${port || 80}` : null;
  } catch {
    return null;
  }
}

/** Without its port and brackets. */
function hostOf(address: string): string {
  if (isIP(address)) return address;
  const [, bracketed, plain = ''] = /^(?:\[(.*)\]|(.*?))(?::\d+)?$/.exec(address) ?? [];
  return (bracketed ?? plain).toLowerCase();
}

function isLoopback(host: string): boolean {
  return /^(?:.*\.)?localhost\.?$/.test(host) || contains(LOOPBACK, host);
}

/** Whether an entry of `no_proxy` stands for a host: `*`, an address, a range of them, or the end of a name. */
function covers(entry: string, host: string): boolean {
  return entry === '*' || host.endsWith(entry) || contains(rangeOf(entry), host);
}

function rangeOf(entry: string): BlockList {
  const range = new BlockList();
  const [, network = '', bits] = /^(.*)\/(\d+)$/.exec(entry) ?? [];
  if (isIP(network)) {
    try {
      range.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6');
    } catch {
      // More bits than an address has: it stands for nothing.
    }
  }
  return range;
}

function contains(range: BlockList, host: string): boolean {
  return isIP(host) !== 0 && range.check(host, isIPv4(host) ? 'ipv4' : 'ipv6');
}
