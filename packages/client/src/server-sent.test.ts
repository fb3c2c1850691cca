import fc from 'fast-check';
import { expect, test } from 'vitest';
import { serverSent, type ServerSent } from './server-sent.ts';

async function read(text: string, cuts: readonly number[] = []): Promise<ServerSent[]> {
  const bytes = new TextEncoder().encode(text);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let from = 0;
    for (const to of ends) {
      yield bytes.subarray(from, to);
      from = to;
    }
  }
  return Array.fromAsync(serverSent(chunks()));
}

test('ids stay until there is another one, and types do not', async () => {
  expect(await read('id: 4\nevent: end\ndata: {}\n\n: still here\n\ndata:a\ndata: b\n\n')).toEqual([
    { id: '4', type: 'end', data: '{}' },
    { id: '4', type: 'message', data: 'a\nb' },
  ]);
});

test('what was cut off is left out', async () => {
  expect(await read('data: 1\n\ndata: 2\n')).toEqual([{ id: null, type: 'message', data: '1' }]);
});

test('it does not matter where the stream is cut, nor how lines end', async () => {
  const text = 'retry: 2000\n\nid: 0\ndata: ä€\n\nid: 1\ndata: {"x":"\u{1f600}"}\n\n';
  const expected = await read(text);
  expect(expected).toHaveLength(2);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(200), { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      async (cuts, end) => {
        // A carriage return at the very end may be half of a line's end.
        const sent = text.replaceAll('\n', end) + (end === '\r' ? ':' : '');
        expect(await read(sent, cuts)).toEqual(expected);
      },
    ),
  );
});
