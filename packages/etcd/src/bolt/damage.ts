import { Failure } from '@holdfast/base';
import type { ByteSource } from './source.ts';

/** The image contradicts its format: `place` says where ("page 12 at byte 49152"), `reason` what is wrong there. */
export function damaged(source: ByteSource, place: string, reason: string): Failure {
  return new Failure('not-a-snapshot', `${place}: ${reason}`, { path: source.name });
}

/** The place of a page, and of an element in it, as messages name it. */
export function placeOf(page: number, pageSize: number, element?: number): string {
  const where = `page ${page} at byte ${page * pageSize}`;
  return element === undefined ? where : `${where}, element ${element}`;
}

/** The place of a bucket; a damaged name is quoted. */
export function placeOfBucket(name: string): string {
  return `bucket ${/^\w+$/.test(name) ? name : JSON.stringify(name)}`;
}
