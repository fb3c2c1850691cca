/** The host of a URL without the brackets of IPv6; undefined when it is no URL. */
export function hostOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/^\[|\]$/g, '');
}

/** Whether every machine has this host, as a URL names it, for itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Whether something listens on loopback alone, so that no address tells on which machine it is. */
export function isLoopbackOnly({ urls }: { readonly urls: readonly string[] }): boolean {
  return urls.every((url) => isLoopback(hostOf(url) ?? ''));
}
