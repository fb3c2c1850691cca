import { chmod, link, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contentOf, exchange, isBegun, putBack } from './exchange.ts';
import { filePlaces } from './file-places.ts';

const { signal } = new AbortController();
const id = 'r-20260101t000000z-0a1b2c';
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-exchange-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const places = () => filePlaces({ id, members: [], controlPlane: [] }, join(folder, 'config.yaml'));
const bytes = (text: string, secret = false) => ({ bytes: Buffer.from(text), secret });
const text = async (): Promise<string | undefined> => (await contentOf(places().path))?.toString();

test('a file has its new content with the mode and owner of the old one, which comes back as the very same file', async () => {
  const { path, kept } = places();
  await writeFile(path, 'old');
  await chmod(path, 0o640);
  const { ino, uid } = await stat(path);
  await exchange(places(), bytes('new'), signal);
  await exchange(places(), bytes('new'), signal);
  expect(await text()).toBe('new');
  expect((await stat(path)).mode & 0o777).toBe(0o640);
  expect((await stat(path)).uid).toBe(uid);
  expect(await readFile(kept, 'utf8')).toBe('old');
  expect(await putBack(places())).toBe(true);
  expect([await text(), (await stat(path)).ino]).toEqual(['old', ino]);
  expect(await readdir(folder)).toEqual(['config.yaml']);
  expect(await putBack(places())).toBe(false);
});

test('a file that was not there is gone again; until then only its owner reads what is secret', async () => {
  const { path } = places();
  await exchange(places(), bytes('new', true), signal);
  expect([await text(), (await stat(path)).mode & 0o777]).toEqual(['new', 0o600]);
  expect(await isBegun(places())).toBe(true);
  expect(await putBack(places())).toBe(true);
  expect(await readdir(folder)).toEqual([]);
});

test('a crash between keeping and exchanging is gone on with, or put back', async () => {
  const { path, kept, part } = places();
  await writeFile(path, 'old');
  await exchange(places(), bytes('new'), signal);
  await putBack(places());
  await link(path, kept);
  await writeFile(part, 'ne');
  expect(await putBack(places())).toBe(true);
  expect([await text(), await readdir(folder)]).toEqual(['old', ['config.yaml']]);
  await link(path, kept);
  await writeFile(part, 'ne');
  await exchange(places(), bytes('new'), signal);
  expect([await text(), await readFile(kept, 'utf8')]).toEqual(['new', 'old']);
});

test('a link is exchanged itself, and what it leads to is left alone', async () => {
  const { path } = places();
  await writeFile(join(folder, 'real'), 'old');
  await symlink('real', path);
  await exchange(places(), bytes('new'), signal);
  expect([await text(), await readFile(join(folder, 'real'), 'utf8')]).toEqual(['new', 'old']);
  await putBack(places());
  expect(await text()).toBe('old');
});

test('nothing but a regular file is read, and a link that leads nowhere is not taken for no file', async () => {
  await symlink('nowhere', places().path);
  await expect(contentOf(places().path)).rejects.toThrow('leads nowhere');
  await expect(contentOf(folder)).rejects.toThrow('no regular file');
});
