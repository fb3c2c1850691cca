import { hostname, networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { testMember } from '../steps/test-restore.ts';
import { whyElsewhere } from './here.ts';

/** TCP and routing know no machine that has a multicast address. */
const other = 'https://224.0.0.1:2380';
const own = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

const elsewhere = async (peerUrls: string[], clientUrls: string[]): Promise<string | undefined> =>
  whyElsewhere(testMember('/', { peerUrls, clientUrls }));

test('a member whose peers reach it by a loopback address is here', async () => {
  expect(await elsewhere(['http://127.0.0.1:2380'], [other])).toBeUndefined();
  expect(await elsewhere(['http://[::1]:2380'], [other])).toBeUndefined();
});

test('a client URL on loopback says nothing of the machine', async () => {
  const clients = ['https://127.0.0.1:2379', 'https://localhost:2379', 'https://[::1]:2379'];
  expect(await elsewhere([other], clients)).toBe(
    'it is of another machine: none of 224.0.0.1 is an address of this one',
  );
});

test.skipIf(own === undefined)('an address of this machine, among the client URLs too', async () => {
  expect(await elsewhere([`https://${own}:2380`], [other])).toBeUndefined();
  expect(await elsewhere([other], [`https://${own}:2379`])).toBeUndefined();
});

test('the name of this machine stands for it, whatever it leads to', async () => {
  expect(await elsewhere([`https://${hostname()}:2380`], [other])).toBeUndefined();
});
