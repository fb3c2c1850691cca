import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import type { ArtefactSource } from '@holdfast/engine';
import type { RestorePlan } from '@holdfast/model';
import type { PeerArtefact } from '@holdfast/model/fleet';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { Authority } from '../testing/authority.ts';
import { quickClock } from '../testing/quick-clock.ts';
import type { Identity } from '../identity/identity.ts';
import { PeerDoor } from './door.ts';
import { peerSource } from './source.ts';

const bytes = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const plan = { id: 'r-20261120t100000z-abcdef', members: [] } as unknown as RestorePlan;
const never = new AbortController().signal;

let authority: Authority;
let [giver, taker]: [Identity, Identity] = [] as never;
beforeAll(async () => {
  authority = await Authority.make();
  giver = await authority.node('n-giver', 'c-prod1');
  taker = await authority.node('n-taker', 'c-prod1');
});

const doors: PeerDoor[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
});

/** Serves the bytes in blocks; `breaks` tells before which byte a stream breaks off. */
function source(breaks: (from: number) => number = () => Infinity): ArtefactSource & { froms: number[] } {
  const froms: number[] = [];
  return {
    ...{ sha256, size: bytes.length, froms },
    async *open(_signal, from = 0) {
      froms.push(from);
      const end = breaks(from);
      for (let at = from; at < bytes.length; at += 65_536) {
        if (at >= end) throw new Error('the disk is gone');
        yield bytes.subarray(at, at + 65_536);
        await new Promise(setImmediate);
      }
    },
  };
}

function doorOf(identity: Identity = giver): PeerDoor {
  const door = new PeerDoor({
    ...{ identity: () => identity, listen: { host: '127.0.0.1', port: 0 }, log: () => {} },
  });
  doors.push(door);
  return door;
}

async function taken(peer: PeerArtefact, as: Identity = taker, signal = never): Promise<Buffer> {
  const parts = { clock: quickClock(), random: () => 0, identity: () => as };
  const blocks: Uint8Array[] = [];
  for await (const block of peerSource(peer, parts).open(signal)) blocks.push(block);
  return Buffer.concat(blocks);
}

test('a node gets the bytes of another one of its cluster', async () => {
  const peer = await doorOf().offer(plan, source());
  expect(peer).toMatchObject({ sha256, size: bytes.length, from: { node: 'n-giver' } });
  expect((await taken(peer)).equals(bytes)).toBe(true);
});

test('a connection that breaks is made again at the byte at which it broke', async () => {
  const broken = source((from) => (from < 2_000_000 ? from + 700_000 : Infinity));
  const peer = await doorOf().offer(plan, broken);
  expect((await taken(peer)).equals(bytes)).toBe(true);
  expect(broken.froms.length).toBeGreaterThan(2);
  expect(broken.froms[0]).toBe(0);
  expect(broken.froms.slice(1).every((from, at) => from > broken.froms[at]!)).toBe(true);
});

test('what is not offered any more is waited for, until it is not wanted', async () => {
  const door = doorOf();
  const peer = await door.offer(plan, source());
  await door.offer({ ...plan, id: 'r-20261120t100000z-000000' }, { ...source(), sha256: 'f'.repeat(64) });
  await door.withdraw(plan.id);
  const end = new AbortController();
  const waiting = expect(taken(peer, taker, end.signal)).rejects.toThrow('enough');
  await new Promise((resolve) => setTimeout(resolve, 50));
  end.abort(new Error('enough'));
  await waiting;
});

test('the port is open for no longer than a restore needs it', async () => {
  const door = doorOf();
  const { from } = await door.offer(plan, source());
  const other = { ...plan, id: 'r-20261120t100000z-000000' };
  await door.offer(other, source());
  await door.withdraw(plan.id);
  expect(door.isOpen).toBe(true);
  await door.withdraw(other.id);
  expect(door.isOpen).toBe(false);
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(from.url).port) });
  await new Promise<void>((resolve) => socket.once('error', () => resolve()));
});

test('who comes with a certificate of another fleet, or from another cluster, gets nothing', async () => {
  const served = source();
  const peer = await doorOf().offer(plan, served);
  const foreign = await Authority.make();
  // It trusts the giver's CA, so that what refuses it is the giver.
  const stranger = { ...(await foreign.node('n-taker', 'c-prod1')), ca: authority.pem };
  const end = AbortSignal.timeout(1_000);
  await expect(taken(peer, stranger, end)).rejects.toThrow();
  const neighbour = { ...(await authority.node('n-taker', 'c-other')), cluster: 'c-prod1' };
  await expect(taken(peer, neighbour)).rejects.toMatchObject({ code: 'peer-failed', why: 'it answers 403' });
  expect(served.froms).toEqual([]);
});

test('bytes are taken from nobody but the node that was named', async () => {
  const foreign = await Authority.make();
  const cases: [Identity, RegExp][] = [
    [await authority.node('n-other', 'c-prod1'), /n-other of c-prod1 answers there/],
    [await authority.node('n-giver', 'c-other'), /n-giver of c-other answers there/],
    [await foreign.node('n-giver', 'c-prod1'), /cannot be trusted/],
  ];
  for (const [who, why] of cases) {
    const { from } = await doorOf(who).offer(plan, source());
    const peer = { sha256, size: bytes.length, from: { node: 'n-giver', url: from.url } };
    await expect(taken(peer)).rejects.toMatchObject({
      code: 'peer-failed',
      why: expect.stringMatching(why) as string,
    });
  }
});

test('a peer that serves more bytes than it has promised is cut off', async () => {
  const { key, certificate, ca } = giver;
  const tls = { key, cert: certificate, ca, requestCert: true };
  const server = createServer(tls, (_request, response) => {
    response.writeHead(206, { 'content-range': `bytes 0-9/10` });
    const more = (): void => void (response.destroyed || response.write(bytes.subarray(0, 1_000), more));
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/peer/v1/artefacts/${sha256}`;
    const peer = { sha256, size: 10, from: { node: 'n-giver', url } };
    const got = taken(peer, taker, AbortSignal.timeout(3_000));
    await expect(got).rejects.toMatchObject({ code: 'peer-failed' });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('an artefact of another size is refused before a byte of it is taken', async () => {
  const peer = await doorOf().offer(plan, source());
  await expect(taken({ ...peer, size: bytes.length - 1 })).rejects.toMatchObject({ code: 'peer-failed' });
});
