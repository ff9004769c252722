import { InvalidArgumentError } from 'commander';

const EXAMPLES = 'such as 127.0.0.1:50051 or [::1]:50051';

/** Names that gRPC resolves in ways of its own, such as `unix:/run/taskresults.sock` and `dns:///host:port`. */
const RESOLVED_BY_GRPC = /^(unix|unix-abstract|ipv4|ipv6):.|^dns:\/\/./;

/** Where a server is: host and port. Otherwise gRPC would try port 443, or look for a host named `http`. */
export function serverAddress(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  if (RESOLVED_BY_GRPC.test(text)) return text;
  const [, scheme] = /^(\w+):\/\//.exec(text) ?? [];
  if (scheme !== undefined) {
    const secure = scheme === 'https' ? ', and --tls for TLS' : '';
    throw new InvalidArgumentError(`It must be host:port without ${scheme}://, ${EXAMPLES}${secure}.`);
  }
  const [, port] = /^(?:[^\s:/[\]]+|\[[\da-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new InvalidArgumentError(`It must be host:port, ${EXAMPLES}.`);
  if (Number(port) < 1 || Number(port) > 65_535) {
    throw new InvalidArgumentError('Its port must be a number from 1 to 65535.');
  }
  return text;
}
