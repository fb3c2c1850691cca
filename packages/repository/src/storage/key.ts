const segmentBytes = 255;
const keyBytes = 1024;

/**
 * Whether `key` may name an object: parts between single slashes, none empty or beginning with a dot (so no `.` and
 * `..`, and the storage may keep names of its own), no backslash or control character; at most 255 bytes a part, as
 * file systems have it, and 1024 in all, as S3 has it.
 */
export function isKey(key: string): boolean {
  return (
    key.isWellFormed() &&
    Buffer.byteLength(key) <= keyBytes &&
    key.split('/').every((part) => isPart(part) && Buffer.byteLength(part) <= segmentBytes)
  );
}

/** Passes a key through. @throws RangeError when it is none: only a bug can make one */
export function checkKey(key: string): string {
  if (!isKey(key)) throw new RangeError(`${JSON.stringify(key)} is not a key of a repository`);
  return key;
}

function isPart(part: string): boolean {
  return /^[^.\\\p{Cc}][^\\\p{Cc}]*$/u.test(part);
}
