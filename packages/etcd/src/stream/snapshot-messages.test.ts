import { create, toBinary } from '@bufbuild/protobuf';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { SnapshotResponseSchema } from '../client/gen/etcd_pb.ts';
import { MalformedStream, SnapshotMessages } from './snapshot-messages.ts';

const message = fc.record({
  header: fc.option(
    fc.record({ revision: fc.bigInt(0n, 2n ** 62n), clusterId: fc.bigInt(0n, 2n ** 64n - 1n) }),
    {
      nil: undefined,
    },
  ),
  remainingBytes: fc.bigInt(0n, 2n ** 63n),
  blob: fc.uint8Array({ maxLength: 300 }),
  version: fc.constantFrom('', '3.6.0'),
});

function framed(init: Parameters<typeof create<typeof SnapshotResponseSchema>>[1]): Buffer {
  const body = toBinary(SnapshotResponseSchema, create(SnapshotResponseSchema, init));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function blobsOf(chunks: Iterable<Buffer>): { blobs: Buffer; whole: boolean } {
  const blobs: Buffer[] = [];
  const messages = new SnapshotMessages((bytes, start, end) =>
    blobs.push(Buffer.from(bytes.subarray(start, end))),
  );
  for (const chunk of chunks) messages.read(chunk);
  return { blobs: Buffer.concat(blobs), whole: messages.atBoundary };
}

test('however messages are cut into chunks, their blobs come out whole and in order', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.nat(2000), { maxLength: 20 }),
      (all, cuts) => {
        const bytes = Buffer.concat(all.map((each) => framed(each)));
        const points = [
          0,
          ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const chunks = points.slice(1).map((end, index) => bytes.subarray(points[index], end));
        const expected = { blobs: Buffer.concat(all.map((each) => each.blob)), whole: true };
        expect(blobsOf(chunks)).toEqual(expected);
      },
    ),
  );
});

test('a stream that ends within a message is seen', () => {
  const bytes = framed({ blob: Buffer.alloc(40, 7), remainingBytes: 3n });
  for (let length = 1; length < bytes.length; length++)
    expect(blobsOf([bytes.subarray(0, length)]).whole).toBe(false);
});

test('other bytes are refused, and never make it fail in another way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        blobsOf([Buffer.from(bytes)]);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedStream);
      }
    }),
  );
  expect(() => blobsOf([Buffer.from([1, 0, 0, 0, 0])])).toThrow('a message is compressed');
  expect(() => blobsOf([Buffer.from([0, 0, 0, 0, 2, 0x1a, 9])])).toThrow(
    'a field is longer than its message',
  );
});
