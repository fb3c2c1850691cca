/** A block of a text in PEM (RFC 7468), or a line between such blocks that is neither empty nor begins with #. */
export type PemPart =
  | { readonly kind: 'block'; readonly label: string; readonly der: Buffer; readonly line: number }
  | { readonly kind: 'line'; readonly text: string; readonly line: number }
  | { readonly kind: 'broken'; readonly label: string; readonly line: number };

const begin = /^-----BEGIN ([A-Z0-9 ]+)-----$/;

/** Takes a text apart, each part with the number of its first line. A block without an end, or not of base64, is broken. */
export function pemParts(text: string): PemPart[] {
  const lines = text.split('\n').map((line) => line.trim());
  const parts: PemPart[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const [at, content] = [i + 1, lines[i] ?? ''];
    const label = begin.exec(content)?.[1];
    if (label === undefined) {
      if (content !== '' && !content.startsWith('#')) parts.push({ kind: 'line', text: content, line: at });
      continue;
    }
    const end = lines.indexOf(`-----END ${label}-----`, i);
    const base64 = lines.slice(i + 1, end).join('');
    const der = Buffer.from(base64, 'base64');
    const whole = end !== -1 && der.toString('base64') === base64;
    parts.push(whole ? { kind: 'block', label, der, line: at } : { kind: 'broken', label, line: at });
    i = end === -1 ? lines.length : end;
  }
  return parts;
}
