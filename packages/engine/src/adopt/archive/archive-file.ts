import type { ForeignFile } from '../foreign.ts';

/** What is to be known of an archive to read it: where it is in its place, and how many bytes it has. */
export type ArchiveFile = Pick<ForeignFile, 'path' | 'size'>;
