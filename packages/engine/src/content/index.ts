/**
 * The content of a snapshot, the bytes that etcd sent, wherever and however it is stored.
 *
 * - snapshot-content: a file of this machine, or what a repository opens.
 * - file-stream:      a file in blocks.
 * - verify-content:   proven against itself and its manifest.
 * - content-sha256:   read once from end to end.
 * - trusted:          whether its manifest counts.
 * - damaged:          whether it is known to be damaged.
 */
export { fileContent, storedContent, type SnapshotContent } from './snapshot-content.ts';
export { contentSha256 } from './content-sha256.ts';
export { damageOf, refuseDamaged } from './damaged.ts';
export { refuseUntrusted } from './trusted.ts';
export { verifyContent } from './verify-content.ts';
