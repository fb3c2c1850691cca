import { expect, test } from 'vitest';
import type { ForeignSnapshot } from '../foreign.ts';
import { recognised, type TestFiles } from '../testing/recognised.ts';
import { rkeState, rkeZip } from '../testing/rke.ts';
import { realSnapshot } from '../testing/snapshots.ts';
import { testZip } from '../testing/zip.ts';
import { rke } from './rke.ts';

const db = realSnapshot('3.5.35');
const stateless = [expect.stringContaining('no cluster state')];

/** The only snapshot, whose database is the one that was put there. */
async function only(files: TestFiles): Promise<ForeignSnapshot> {
  const { snapshots, images } = await recognised(rke, files);
  expect(snapshots).toHaveLength(1);
  for (const image of images) expect(image.equals(db)).toBe(true);
  return snapshots[0]!;
}

test('a zip has absolute names and the state of the cluster, which are told as they are', async () => {
  const name = 'rke_etcd_snapshot_2020-10-15T16:47:24+02:00';
  const zip = rkeZip(name, db);
  expect(
    await recognised(rke, { [`folder/${name}.zip`]: zip, 'folder/notes.txt': Buffer.from('x') }),
  ).toEqual({
    snapshots: [
      {
        system: 'rke',
        name,
        path: `folder/${name}.zip`,
        form: 'zip',
        entry: `/backup/${name}`,
        size: zip.length,
        takenAt: new Date('2020-10-15T14:47:24Z'),
        takenAtFrom: 'name',
        node: null,
        cluster: null,
        trigger: 'one-time',
        companions: [{ what: 'cluster-state', path: `/etc/kubernetes/${name}.rkestate`, within: true }],
        restorable: true,
        notes: [],
      },
    ],
    taken: [`folder/${name}.zip`],
    images: [db],
  });
});

test.each([
  ['2020-10-15T14:53:26Z_etcd', 'recurring', null],
  ['c-9dmxz-rl-8b2cx_2020-10-15T14:53:26Z', 'recurring', 'c-9dmxz'],
  ['c-9dmxz-ms-t6bjb_2020-10-15T14-53-26Z', 'one-time', 'c-9dmxz'],
] as const)('%s is %s, as a zip with and without an ending and as it is', async (name, trigger, cluster) => {
  const takenAt = new Date('2020-10-15T14:53:26Z');
  const zip = rkeZip(name, db, null);
  for (const [file, content, form] of [
    [`${name}.zip`, zip, 'zip'],
    [name, zip, 'zip'],
    [name, db, 'db'],
  ] as const) {
    const found = await only({ [file]: content });
    expect(found).toMatchObject({
      name,
      path: file,
      form,
      takenAt,
      trigger,
      cluster,
      companions: [],
      notes: stateless,
    });
    expect(found.restorable).toBe(true);
  }
});

test('a name of one’s own is known by the paths in the zip; any other zip is not taken', async () => {
  const before = await only({ 'before.zip': { content: rkeZip('before', db), modifiedAt: new Date(5000) } });
  expect(before).toMatchObject({
    name: 'before',
    takenAt: new Date(5000),
    takenAtFrom: 'file',
    trigger: 'one-time',
  });
  const own = testZip([{ name: 'before', content: db }]);
  expect(
    (await recognised(rke, { 'before.zip': own, 'x.zip': testZip([{ name: 'a', content: rkeState }]) }))
      .taken,
  ).toEqual([]);
});

test('a file that was renamed says what rke would look for, and keeps its time', async () => {
  const found = await only({ 'good-one.zip': rkeZip('2020-10-15T14:53:26Z_etcd', db) });
  expect(found).toMatchObject({
    name: 'good-one',
    takenAt: new Date('2020-10-15T14:53:26Z'),
    trigger: 'recurring',
  });
  expect(found.notes).toEqual([expect.stringContaining('the database in it is 2020-10-15T14:53:26Z_etcd')]);
});

test('what lies beside belongs to its own snapshot, the newest state and the PKI to those that have none', async () => {
  const [first, second] = ['2020-10-15T02:00:00Z_etcd', '2020-10-15T14:00:00Z_etcd'];
  const { snapshots, taken } = await recognised(rke, {
    [`b/${first}`]: db,
    [`b/${second}`]: db,
    [`b/${first}.rkestate`]: { content: rkeState, modifiedAt: new Date(1000) },
    'b/cluster.rkestate': { content: rkeState, modifiedAt: new Date(2000) },
    'b/pki.bundle.tar.gz': Buffer.from('tar'),
    'elsewhere/cluster.rkestate': rkeState,
  });
  expect(snapshots.map(({ companions }) => companions.map(({ what, path }) => `${what} ${path}`))).toEqual([
    [`cluster-state b/${first}.rkestate`, 'pki b/pki.bundle.tar.gz'],
    ['cluster-state b/cluster.rkestate', 'pki b/pki.bundle.tar.gz'],
  ]);
  expect(taken).toHaveLength(5);
  expect(snapshots.map(({ notes }) => notes)).toEqual([
    [],
    [expect.stringContaining('cluster.rkestate, the newest one there, may be of another time')],
  ]);
});

test('an empty file, a zip that is cut off and a database that is cut off are listed and not restorable', async () => {
  const name = '2020-10-15T14:53:26Z_etcd';
  const zip = rkeZip(name, db);
  for (const [content, note] of [
    [Buffer.alloc(0), 'The file is empty'],
    [zip.subarray(0, zip.length - 100), 'The zip is cut off'],
    [db.subarray(0, 12_288), 'The database is cut off'],
  ] as const) {
    const found = await only({ [`${name}.zip`]: content });
    expect(found).toMatchObject({ restorable: false, takenAt: new Date('2020-10-15T14:53:26Z') });
    expect(found.notes[0]).toContain(note);
  }
});

test('another content under such a name is not taken', async () => {
  expect((await recognised(rke, { '2020-10-15T14:53:26Z_etcd': Buffer.from('hello') })).taken).toEqual([]);
});
