import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openForeignFile } from './file-place.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-file-place-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function leave(...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), path);
  }
}

async function seen(path: string): Promise<[string, string[]]> {
  const { place, path: own } = await openForeignFile(join(folder, path));
  const listed: string[] = [];
  for await (const file of place.list(() => {})) listed.push(file.path);
  return [own, listed];
}

test('a file is seen with the state and the PKI beside it, and with nothing else', async () => {
  leave('rke/daily.zip', 'rke/daily.rkestate', 'rke/pki.bundle.tar.gz', 'rke/weekly.zip', 'rke/x/daily.zip');
  expect(await seen('rke/daily.zip')).toEqual([
    'daily.zip',
    ['daily.zip', 'daily.rkestate', 'pki.bundle.tar.gz'],
  ]);
});

test('what K3s keeps beside the folder of its snapshots belongs to the file', async () => {
  leave('db/snapshots/one', 'db/snapshots/two', 'db/.metadata/one', 'db/.metadata/two');
  expect(await seen('db/snapshots/one')).toEqual(['snapshots/one', ['snapshots/one', '.metadata/one']]);
});

test('a link that is named itself leads to its file, and to what lies beside that', async () => {
  leave('rke/daily.zip', 'rke/daily.rkestate', 'links/daily.rkestate');
  symlinkSync('../rke/daily.zip', join(folder, 'links/newest'));
  expect(await seen('links/newest')).toEqual(['daily.zip', ['daily.zip', 'daily.rkestate']]);
});

test('a folder is a place as it is; a link beside a file is not followed', async () => {
  leave('cp-1/member/snap/db', 'plain/one');
  symlinkSync('/etc/shadow', join(folder, 'plain/pki.bundle.tar.gz'));
  expect(await seen('cp-1')).toEqual(['', ['member/snap/db']]);
  expect(await seen('plain/one')).toEqual(['one', ['one']]);
  await expect(seen('plain/none')).rejects.toMatchObject({ code: 'file-unreadable' });
});
