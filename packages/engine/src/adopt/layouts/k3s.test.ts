import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { ForeignSnapshot } from '../foreign.ts';
import { k3sObject, k3sZip, provisioningSpec } from '../testing/k3s.ts';
import { memoryPlace, type MemoryFile } from '../testing/memory-place.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { k3s } from './k3s.ts';

const db = realSnapshot();
const at = (unix: number): Date => new Date(unix * 1000);
const tokenNote = expect.stringContaining('encrypted with the server token');
const whichNote = expect.stringContaining('nothing tells which of the two');

async function recognised(
  files: Readonly<Record<string, Uint8Array | MemoryFile>>,
  location?: string,
): Promise<{ snapshots: readonly ForeignSnapshot[]; taken: string[] }> {
  const place = memoryPlace(files, location);
  const { snapshots, taken } = await k3s.recognise(place, place.files());
  return { snapshots, taken: [...taken].toSorted() };
}

/** The one snapshot of a place, with its path. */
async function only(
  files: Readonly<Record<string, Uint8Array | MemoryFile>>,
  location?: string,
): Promise<ForeignSnapshot> {
  const { snapshots } = await recognised(files, location);
  expect(snapshots).toHaveLength(1);
  return snapshots[0]!;
}

test('a scheduled snapshot with the specification that Rancher has beside it on the node', async () => {
  const name = 'etcd-snapshot-cp-1.example-1789000000';
  const files = {
    [`snapshots/${name}`]: db,
    [`.metadata/${name}`]: provisioningSpec('v1.33.4+rke2r1'),
  };
  expect(await recognised(files, '/var/lib/rancher/rke2/server/db')).toEqual({
    snapshots: [
      {
        system: 'rke2',
        name,
        path: `snapshots/${name}`,
        form: 'db',
        size: db.length,
        takenAt: at(1789000000),
        takenAtFrom: 'name',
        node: 'cp-1.example',
        cluster: null,
        trigger: 'recurring',
        companions: [{ what: 'cluster-spec', path: `.metadata/${name}`, within: false }],
        restorable: true,
        notes: [tokenNote],
      },
    ],
    taken: [`.metadata/${name}`, `snapshots/${name}`],
  });
});

test('a compressed one in a bucket, with what K3s keeps in the metadata of the object', async () => {
  const name = 'on-demand-server-0-1789000001';
  const files = {
    [`prod/${name}.zip`]: k3sObject(k3sZip(name, db), 'server-0'),
    [`prod/.metadata/${name}.zip`]: provisioningSpec('v1.33.4+k3s1'),
  };
  expect(await only(files, 's3://backups')).toMatchObject({
    system: 'k3s',
    name: `${name}.zip`,
    form: 'zip',
    entry: name,
    node: 'server-0',
    cluster: '6f6a1a6e-2d3c-4d6b-9d4e-0a1b2c3d4e5f',
    trigger: 'one-time',
    companions: [
      { what: 'cluster-spec', path: `prod/.metadata/${name}.zip`, within: false },
      { what: 'token-hash', path: `prod/${name}.zip`, within: true },
    ],
    restorable: true,
    notes: [tokenNote],
  });
});

test("which of the two wrote it is told by the object's metadata, the specification, or the folder; else that it is not", async () => {
  const name = 'on-demand-n-1789000000';
  expect((await only({ [name]: k3sObject(db, 'n', 'rke2') })).system).toBe('rke2');
  expect((await only({ [name]: db }, '/var/lib/rancher/k3s/server/db/snapshots')).notes).toEqual([tokenNote]);
  expect(await only({ [name]: db })).toMatchObject({ system: 'k3s', notes: [whichNote, tokenNote] });
});

test('a name of somebody’s choice is taken for K3s’s by what is known of its nodes, not by its form', async () => {
  expect((await recognised({ 'daily-cp-1-1789000000': db })).snapshots).toEqual([]);
  const { snapshots } = await recognised({
    'daily-cp-1-1789000000': db,
    'before-upgrade-cp-1-1789000500': db,
    'etcd-snapshot-cp-1-1789001000': db,
    'copy-elsewhere-1789000000': db,
  });
  expect(snapshots.map(({ name, node, trigger }) => [name, node, trigger])).toEqual([
    ['daily-cp-1-1789000000', 'cp-1', null],
    ['before-upgrade-cp-1-1789000500', 'cp-1', null],
    ['etcd-snapshot-cp-1-1789001000', 'cp-1', 'recurring'],
  ]);
  const zip = { 'daily-cp-1-1789000000.zip': k3sZip('daily-cp-1-1789000000', db) };
  expect(await only(zip)).toMatchObject({ node: null, restorable: true });
});

test('a snapshot that was renamed is known by what lies beside it, and its time is that of the file', async () => {
  const modifiedAt = new Date('2026-05-06T07:08:09Z');
  const files = { before: { content: db, modifiedAt }, '.metadata/before': provisioningSpec('v1.33.4+k3s1') };
  expect(await only(files)).toMatchObject({
    name: 'before',
    takenAt: modifiedAt,
    takenAtFrom: 'file',
    node: null,
  });
});

const name = 'etcd-snapshot-n-1789000000';
test.each<[string, string, Uint8Array, RegExp]>([
  ['an empty file', name, Buffer.alloc(0), /empty: the save or the upload failed/],
  ['an empty zip', `${name}.zip`, Buffer.alloc(0), /empty: the save or the upload failed/],
  ['a database that is cut off', name, db.subarray(0, 9000), /cut off: 9000 of \d+ bytes/],
  ['what a killed save leaves', `${name}.part`, db.subarray(0, -32), /did not end/],
  ['a zip that a full disk has cut off', `${name}.zip`, k3sZip(name, db).subarray(0, -40), /end is missing/],
  ['a zip that leads outside', `${name}.zip`, k3sZip('../x', db), /refused: .*leads outside/],
  ['a page of a proxy', name, Buffer.from('<html>403</html>'), /no etcd database/],
])('%s is listed, and that it cannot be restored', async (_, path, content, note) => {
  const found = await only({ [path]: content });
  expect(found).toMatchObject({ restorable: false, node: 'n', takenAt: at(1789000000) });
  expect(found.notes.join(' ')).toMatch(note);
});

test('a save that failed and left nothing but its record is listed', async () => {
  const record = { name, nodeName: 'n', size: 0, status: 'failed', message: 'no space left on device' };
  expect(await only({ [`.metadata/${name}`]: Buffer.from(JSON.stringify(record)) })).toMatchObject({
    path: `.metadata/${name}`,
    size: 0,
    takenAt: at(1789000000),
    node: 'n',
    restorable: false,
    notes: [expect.stringContaining('no space left on device'), expect.stringContaining('no database')],
  });
});

test('what a record says of a failure is one line of it, whatever it holds', async () => {
  const record = { status: 'failed', message: `full\n\nAll is sound.${' '.repeat(3)}${'x'.repeat(500)}` };
  const { notes } = await only({ [`.metadata/${name}`]: Buffer.from(JSON.stringify(record)) });
  expect(notes[0]).toMatch(/failed: full All is sound\. x+…$/);
  expect(notes[0]?.length).toBeLessThan(400);
});

test.each<[string, unknown, string]>([
  ['a specification that is no base64 of gzip', { 'provisioning-cluster-spec': 'xx' }, 'cannot be read'],
  [
    'one that expands without end',
    { 'provisioning-cluster-spec': gzipSync(Buffer.alloc(64 << 20)).toString('base64') },
    'cannot be read',
  ],
  ['a list', [1], 'no JSON'],
])('%s is told, and the snapshot is one all the same', async (_, sidecar, note) => {
  const files = { [name]: db, [`.metadata/${name}`]: Buffer.from(JSON.stringify(sidecar)) };
  const found = await only(files);
  expect(found).toMatchObject({ restorable: true, companions: [] });
  expect(found.notes.join(' ')).toContain(note);
});

test.each([
  ['extraMetadata', (map: object) => ({ name, extraMetadata: map })],
  [
    'metadata, in base64',
    (map: object) => ({ name, metadata: Buffer.from(JSON.stringify(map)).toString('base64') }),
  ],
])('a record that has the map in %s is read', async (_, around) => {
  const map = JSON.parse(provisioningSpec('v1.33.4+rke2r1').toString()) as object;
  const files = { [name]: db, [`.metadata/${name}`]: Buffer.from(JSON.stringify(around(map))) };
  expect(await only(files)).toMatchObject({ system: 'rke2', companions: [{ what: 'cluster-spec' }] });
});

test('a record without a snapshot and files of others are left to others', async () => {
  const files = {
    [`.metadata/${name}`]: provisioningSpec('v1.33.4+k3s1'),
    'backup.db': db,
    'notes-of-today-1789000000': Buffer.from('x'),
  };
  expect(await recognised(files)).toEqual({ snapshots: [], taken: [] });
});
