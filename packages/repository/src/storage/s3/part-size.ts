const mostParts = 10_000;
const sameSize = 1_000;
const largestBytes = 5 * 1024 ** 3;

/**
 * Bytes of a part by its number from 1: S3 takes 10,000 parts of up to 5 GiB, and nobody knows how long a stream will
 * be. The size doubles after every 1,000 parts, so that even from 5 MiB the last one is beyond what an object may have.
 * The first 1,000 are of one size, which is what some servers want of all.
 *
 * @throws RangeError beyond the last part
 */
export function partSize(number: number, first: number): number {
  if (number > mostParts) throw new RangeError(`an upload has at most ${mostParts} parts`);
  return Math.min(first * 2 ** Math.floor((number - 1) / sameSize), largestBytes);
}
