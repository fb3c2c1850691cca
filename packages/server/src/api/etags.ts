import { Failure } from '@holdfast/base';
import { RequestRefused } from './problem.ts';

/** The ETag of a version. */
export function etagOf(version: number): string {
  return `"v${version}"`;
}

/**
 * The version that a write is made to, by its `If-Match`; null: none was named.
 *
 * @param isRequired whether it has to name one, or `*`
 * @throws Failure version-required, version-conflict (a tag that this server never gives), request-invalid (several)
 */
export function versionAsked(header: string | undefined, isRequired: boolean): number | null {
  if (header === undefined) {
    if (isRequired) throw new Failure('version-required', 'there is no If-Match');
    return null;
  }
  const tag = header.trim();
  if (tag === '*') return null;
  const version = /^"v([1-9]\d{0,14})"$/.exec(tag)?.[1];
  if (version !== undefined) return Number(version);
  if (/^(?:W\/)?"[^"]*"$/.test(tag)) throw new Failure('version-conflict', 'If-Match names another version');
  throw new RequestRefused([{ pointer: '/headers/if-match', detail: 'it holds one ETag, as "v3", or *' }]);
}
