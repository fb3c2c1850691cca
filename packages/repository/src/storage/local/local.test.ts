import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { describeStorage } from '../../testing/conformance.ts';
import { LocalStorage } from './local.ts';
import { placeByReservation, placeNew } from './placement.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-local-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let count = 0;
const folder = (): string => join(base, String((count += 1)));
const bytes = (text: string): Buffer => Buffer.from(text);

describeStorage('a folder', async () => Promise.resolve(new LocalStorage(folder())));

test('files and folders are for their owner only', async () => {
  const root = folder();
  await new LocalStorage(root).put('a/b', bytes('x'));
  const modes = ['', 'a', 'a/b', '.staging'].map((path) =>
    (statSync(join(root, path)).mode & 0o777).toString(8),
  );
  expect(modes).toEqual(['700', '700', '600', '700']);
});

test('nothing is left in staging after writes, refused or not, nor empty folders after deletes', async () => {
  const root = folder();
  const storage = new LocalStorage(root);
  await storage.put('a/b/c', bytes('x'));
  await storage.put('a/b/c', bytes('y'));
  await storage.delete('a/b/c');
  expect(readdirSync(root)).toEqual(['.staging']);
  expect(readdirSync(join(root, '.staging'))).toEqual([]);
});

test('folders that one deletes while another writes into them are made again', async () => {
  const storage = new LocalStorage(folder());
  for (let round = 0; round < 20; round += 1) {
    await storage.put('a/b/old', bytes('x'));
    const [deleted, placed] = await Promise.all([
      storage.delete('a/b/old'),
      storage.put('a/b/new', bytes('y')),
    ]);
    expect({ deleted, placed }).toEqual({ deleted: true, placed: true });
    expect(await storage.delete('a/b/new')).toBe(true);
  }
});

describe('symbolic links inside are not followed', () => {
  test.each(['folder', 'file'])('a linked %s', async (kind) => {
    const [root, outside] = [folder(), folder()];
    mkdirSync(outside);
    mkdirSync(root);
    writeFileSync(join(outside, 'secret'), 'secret');
    if (kind === 'folder') symlinkSync(outside, join(root, 'a'));
    else {
      mkdirSync(join(root, 'a'));
      symlinkSync(join(outside, 'secret'), join(root, 'a/secret'));
    }
    const storage = new LocalStorage(root);
    const refused = { why: expect.stringContaining('is a symbolic link') };
    await expect(storage.get('a/secret', 99)).rejects.toMatchObject(refused);
    await expect(storage.stat('a/secret')).rejects.toMatchObject(refused);
    await expect(storage.read('a/secret')[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
    await expect(storage.delete('a/secret')).rejects.toMatchObject(refused);
    await expect(storage.put('a/secret', bytes('x'))).rejects.toMatchObject(refused);
    for await (const object of storage.list('')) expect(object).toBeUndefined();
    expect(readdirSync(outside)).toEqual(['secret']);
  });

  test('a linked staging folder', async () => {
    const [root, outside] = [folder(), folder()];
    mkdirSync(root);
    mkdirSync(outside);
    symlinkSync(outside, join(root, '.staging'));
    await expect(new LocalStorage(root).put('a', bytes('x'))).rejects.toMatchObject({
      code: 'file-unwritable',
    });
    expect(readdirSync(outside)).toEqual([]);
  });

  test('while the repository itself may be one', async () => {
    const [root, outside] = [folder(), folder()];
    mkdirSync(outside);
    symlinkSync(outside, root);
    expect(await new LocalStorage(root).put('a', bytes('x'))).toBe(true);
  });
});

test('a file that is where a folder should be is told, not overwritten', async () => {
  const root = folder();
  writeFileSync(root, 'mine');
  const storage = new LocalStorage(root);
  expect(await storage.get('a', 9)).toBeUndefined();
  expect(await storage.isEmpty()).toBe(false);
  await expect(storage.put('a', bytes('x'))).rejects.toMatchObject({ code: 'file-unwritable' });
});

test.skipIf(process.getuid?.() === 0)('what may not be written is told', async () => {
  const root = folder();
  mkdirSync(root);
  chmodSync(root, 0o500);
  await expect(new LocalStorage(root).put('a', bytes('x'))).rejects.toMatchObject({
    code: 'file-unwritable',
  });
});

describe.each([
  ['by link', placeNew],
  ['by reservation, for file systems without links', placeByReservation],
])('placing %s', (_, place) => {
  test('moves a file to a free name and leaves a taken one alone', async () => {
    const root = folder();
    mkdirSync(root);
    const [staged, final] = [join(root, 'staged'), join(root, 'final')];
    writeFileSync(staged, 'one');
    expect(await place(staged, final)).toBe(true);
    expect(readdirSync(root)).toEqual(['final']);
    writeFileSync(staged, 'two!');
    expect(await place(staged, final)).toBe(false);
    expect(statSync(final).size).toBe(3);
    await expect(place(join(root, 'absent'), join(root, 'free'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(root).sort()).toEqual(['final', 'staged']);
  });
});
