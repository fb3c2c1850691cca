/** Bytes, as a number or in the words of people: `50 MiB`, `8MB`. @throws RangeError */
export function parseBytes(text: string | number): number {
  const [, count, prefix = '', binary = ''] =
    /^(\d+(?:\.\d+)?)\s*(?:([KMGT]?)(i?)B)?$/i.exec(String(text).trim()) ?? [];
  const base = binary === '' ? 1000 : 1024;
  const bytes = Math.round(Number(count) * base ** ' KMGT'.indexOf(prefix.toUpperCase() || ' '));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new RangeError(`${JSON.stringify(text)} is no number of bytes, as 8388608, 8 MiB or 8MB`);
}

/** Whether a URL has a login in it, which is a secret. */
export function hasLogin(url: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:)?\/*[^/]*@/i.test(url);
}
