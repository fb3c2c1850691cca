import { isIP } from 'node:net';
import { Failure } from '@holdfast/base';

/** Where the pages are served. */
export interface ListenAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  /** Whether only this machine reaches it. */
  readonly loopback: boolean;
}

/** Where nothing else is said. */
export const defaultListen = '127.0.0.1:9479';

/**
 * Reads `ADDRESS:PORT`, of which the address may be `localhost` or an IP address (an IPv6 address in brackets). It has to be
 * said: `:9479` alone would be every address of the machine, and nobody is asked who they are there.
 *
 * @throws Failure `usage`
 */
export function parseListen(text: string): ListenAddress {
  const [, bracketed, plain = '', digits = ''] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? (plain === 'localhost' ? '127.0.0.1' : plain);
  const port = Number(digits);
  if (host === '' && digits !== '')
    throw new Failure(
      'usage',
      `"${text}" does not say at which address: 127.0.0.1${text} is this machine only, 0.0.0.0${text} everybody`,
    );
  if (isIP(host) === 0 || digits === '' || port > 65_535)
    throw new Failure('usage', `"${text}" is no address and port, as ${defaultListen} is`);
  return { host, port, loopback: host.startsWith('127.') || host === '::1' };
}
