import { buffer } from 'node:stream/consumers';
import type { ForeignLayout, ForeignSnapshot } from '../foreign.ts';
import { readImage } from '../read-image.ts';
import { type MemoryFile, memoryPlace } from './memory-place.ts';

/** Files of a place by their paths. */
export type TestFiles = Readonly<Record<string, Uint8Array | MemoryFile>>;

/** What a layout recognises, the paths that it takes in order, and the databases that can be read as they are. */
export async function recognised(
  layout: ForeignLayout,
  files: TestFiles,
): Promise<{ snapshots: readonly ForeignSnapshot[]; taken: string[]; images: readonly Buffer[] }> {
  const place = memoryPlace(files);
  const { snapshots, taken } = await layout.recognise(place, place.files());
  const readable = snapshots.filter(({ restorable, form }) => restorable && form !== 'datadir');
  const images = await Promise.all(readable.map((snapshot) => buffer(readImage(place, snapshot))));
  return { snapshots, taken: [...taken].toSorted(), images };
}
