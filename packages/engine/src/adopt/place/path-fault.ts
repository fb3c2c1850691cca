/** What redraws a screen, or turns the direction of what is read on it. */
export const misleading = /[\p{Cc}\p{Bidi_Control}]/u;

/**
 * Why a path of a place is not gone near; undefined when it is a plain one. What leads outside or would show as something
 * else on a terminal is passed over.
 */
export function pathFault(path: string): string | undefined {
  if (!path.isWellFormed() || path.includes('\uFFFD')) return 'its name is not valid UTF-8';
  if (misleading.test(path)) return 'its name has control characters';
  if (path.includes('\\')) return 'its name has a backslash';
  const parts = path.split('/');
  if (parts.includes('..') || parts.includes('.')) return 'its name leads outside';
  if (parts.includes('')) return 'its name has an empty part';
  return undefined;
}
