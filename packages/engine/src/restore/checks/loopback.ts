import { isIP } from 'node:net';

/** The host of a URL without the brackets of IPv6; undefined when it is no URL. */
export function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/^\[|\]$/g, '');
}

/** Whether every machine has this address for itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Whether something listens on loopback alone, so that no address tells on which machine it is. */
export function isLoopbackOnly({ urls }: { readonly urls: readonly string[] }): boolean {
  return urls.every((url) => isLoopback(hostOf(url) ?? ''));
}
