import { setTimeout as sleep } from 'node:timers/promises';

/** A body on its way. */
export type Body = AsyncIterable<Buffer>;

const slicesPerSecond = 10;

/** Passes bytes at a rate, a tenth of a second's worth at a time. */
export async function* throttled(body: Body, bytesPerSecond: number): Body {
  const slice = Math.max(1, Math.floor(bytesPerSecond / slicesPerSecond));
  for await (const chunk of body) {
    for (let from = 0; from < chunk.length; from += slice) {
      const part = chunk.subarray(from, from + slice);
      await sleep((part.length * 1000) / bytesPerSecond);
      yield part;
    }
  }
}

/** Flips one bit of the byte at an offset. */
export async function* flipped(body: Body, atByte: number): Body {
  let offset = 0;
  for await (const chunk of body) {
    const index = atByte - offset;
    offset += chunk.length;
    if (index >= 0 && index < chunk.length) chunk[index] = (chunk[index] ?? 0) ^ 1;
    yield chunk;
  }
}

/** Passes the first bytes; the others are read and dropped. */
export async function* shortened(body: Body, keepBytes: number): Body {
  let left = keepBytes;
  for await (const chunk of body) {
    const kept = chunk.subarray(0, left);
    left -= kept.length;
    if (kept.length > 0) yield kept;
  }
}

/** Passes the first bytes and reads no further. */
export async function* until(body: Body, bytes: number): Body {
  let left = bytes;
  if (left === 0) return;
  for await (const chunk of body) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

/** Passes everything, and tells the whole of it at the end. */
export async function* kept(body: Body, whole: (bytes: Buffer) => void): Body {
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    yield chunk;
  }
  whole(Buffer.concat(chunks));
}
