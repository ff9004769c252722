import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsOptions } from '@taskresults/client';
import { type Command, Option } from 'commander';
import { SettingsError } from '../../config/settings';

export interface TlsFlags {
  tls?: boolean;
  ca?: string;
}

/** Whether and how the link to the server is encrypted. */
export function addTlsOptions(command: Command): Command {
  return command
    .option('--tls', 'speak TLS; the certificate must name the host (env: TASKRESULTS_TLS=true)')
    .addOption(
      new Option('--ca <file>', 'speak TLS, and trust these certificates alone, in PEM').env('TASKRESULTS_CA'),
    );
}

/**
 * What the flags and the environment say. A certificate authority alone is enough: whoever names one never wants plain
 * text. Throws SettingsError.
 */
export function readTls({ tls, ca }: TlsFlags, environment: NodeJS.ProcessEnv): boolean | TlsOptions {
  const isAsked = tls ?? readBoolean('TASKRESULTS_TLS', environment.TASKRESULTS_TLS);
  return ca === undefined ? isAsked : { ca: readCertificates(ca) };
}

/** A variable is a text: with commander's way of reading flags from the environment, `false` would mean true. */
function readBoolean(name: string, text = 'false'): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new SettingsError([`${name}: must be one of true, false, not "${text}"`]);
}

function readCertificates(file: string): Buffer {
  const refuse = (why: string) => new SettingsError([`--ca (TASKRESULTS_CA): ${why}`]);
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    throw refuse(`cannot read it: ${(error as Error).message}`);
  }
  try {
    new X509Certificate(pem);
  } catch {
    throw refuse(`${file} holds no certificate in PEM format`);
  }
  return pem;
}
