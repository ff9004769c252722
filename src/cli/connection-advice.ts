/** What TLS libraries and gRPC say when a link cannot be made, and what it means for whoever typed the command. */
const MEANINGS: readonly (readonly [said: RegExp, meaning: string])[] = [
  [/wrong version number|packet length too long/, 'it does not speak TLS on this port; try without --tls and --ca'],
  [/self-signed certificate|unable to (get|verify)/, 'its certificate is not trusted; --ca names the ones to trust'],
  [/does not match certificate's altnames/, 'its certificate is for another host; --server must say the name in it'],
  [/certificate has expired/, 'its certificate has expired'],
  [/Last error: Failed to connect/, 'it closed the connection at once; it may speak TLS (--tls), or not be ready'],
];

/** Why no server answered, in words that help. A reason that is not known is returned as it stands. */
export function whyNotConnected(said: string): string {
  return MEANINGS.find(([pattern]) => pattern.test(said))?.[1] ?? said;
}
