/**
 * How an object is stored: zstd's seekable format inside the age format, each a layer of its own that ordinary tools
 * open. Streams in and out; and by position, so that a page of a sealed snapshot is read without the rest.
 */
export { type ByteSource } from './source.ts';
export { compressSeekable, type CompressOptions } from './seekable/compress.ts';
export { SeekableWriter, type TakeStored } from './seekable/seekable-writer.ts';
export { type SeekEntry } from './seekable/seek-table.ts';
export { expand, type ExpandOptions } from './seekable/expand.ts';
export { openSeekable } from './seekable/seekable-source.ts';
export { type OpenWith, type SealFor } from './age/header.ts';
export { release } from './lending.ts';
export { seal } from './age/seal.ts';
export { unseal } from './age/unseal.ts';
export { openSealed } from './age/sealed-source.ts';
export { parsePublicKeyFile, type PublicKey } from './keys/public-key.ts';
export {
  formatSecretKeyFile,
  generateSecretKey,
  parseSecretKeyFile,
  type SecretKey,
} from './keys/secret-key.ts';
