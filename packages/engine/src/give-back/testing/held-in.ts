import { buffer } from 'node:stream/consumers';
import yauzl from 'yauzl';

/** What a zip holds, by its names as they stand there, read by a library that is not ours. */
export async function heldIn(zip: Buffer): Promise<Map<string, Buffer>> {
  const held = new Map<string, Buffer>();
  const opened = await yauzl.fromBufferPromise(zip, { decodeStrings: false });
  for await (const entry of opened.eachEntry()) {
    const name = Buffer.from(entry.fileName).toString();
    held.set(name, await buffer(await opened.openReadStreamPromise(entry)));
  }
  return held;
}
