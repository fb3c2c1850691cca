import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LocalStorage } from './local/local.ts';
import { ReadOnlyStorage } from './read-only.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-read-only-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('all can be read and nothing be changed', async () => {
  await new LocalStorage(folder).put('a/k', Buffer.from('x'));
  const storage = new ReadOnlyStorage(new LocalStorage(folder));
  const before = readdirSync(folder, { recursive: true });
  const refused = { code: 'repository-read-only' };
  await expect(storage.put('b')).rejects.toMatchObject(refused);
  await expect(storage.create('b')).rejects.toMatchObject(refused);
  await expect(storage.delete('a/k')).rejects.toMatchObject(refused);
  await expect(storage.removeStale()).rejects.toMatchObject(refused);
  await expect(storage.put('../b')).rejects.toThrow(RangeError);
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
  expect(await storage.get('a/k', 9)).toHaveLength(1);
  expect(await storage.stat('a/k')).toMatchObject({ size: 1 });
  expect(await storage.isEmpty()).toBe(false);
  const keys: string[] = [];
  for await (const { key } of storage.list('a')) keys.push(key);
  for await (const chunk of storage.read('a/k')) keys.push(String(chunk.length));
  expect(keys).toEqual(['a/k', '1']);
  expect(storage.localPath('a/k')).toBe(join(folder, 'a/k'));
});
