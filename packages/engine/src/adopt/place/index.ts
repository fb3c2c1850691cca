export { openForeignBucket } from './bucket-place.ts';
export { openForeignFolder } from './folder-place.ts';
