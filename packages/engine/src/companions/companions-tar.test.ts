import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { isFailure } from '@holdfast/base';
import { type Header, pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CollectedNode, companionsTar, extractCompanions, readCompanions } from './index.ts';

const exec = promisify(execFile);
const path = 'companions.tar';
const modifiedAt = new Date('2026-05-04T03:02:01.789Z');
const file = (path: string, content: string, secret = false): CollectedNode['files'][number] => ({
  path,
  why: 'it is needed',
  secret,
  content: Buffer.from(content),
  modifiedAt,
});
const long = `/etc/cni/net.d/${'länger-'.repeat(30)}.conf`;
const collected: CollectedNode = {
  distribution: 'kubeadm',
  node: 'cp-1',
  collectedAt: new Date('2026-06-01T00:00:00Z'),
  files: [
    file('/etc/kubernetes/pki/ca.crt', 'a certificate'),
    file('/etc/kubernetes/pki/sa.key', 'a key', true),
    file('/etc/kubernetes/empty', ''),
    file(long, 'long'),
    file('/etc/kubernetes/../kubernetes//pki/ca.crt', 'a certificate'),
    file('/companions.json', 'of the node'),
    file('/companions.json/x', 'of the node'),
    file('/etc/kubernetes/pki/ca.crt/', 'a certificate'),
  ],
  left: [{ path: '/etc/kubernetes/pki/ca.key', why: 'permission denied' }],
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-tar-'));
});
afterEach(() => rm(folder, { recursive: true }));

const tarOf = async (node: CollectedNode): Promise<Buffer> => Buffer.from(await buffer(companionsTar(node)));
// eslint-disable-next-line @typescript-eslint/require-await
async function* inPieces(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('a tar of companions', () => {
  it('is the same for the same files', async () => {
    expect(await tarOf(collected)).toEqual(await tarOf({ ...collected }));
  });

  it('is one that the program tar lists and opens, list first, relative, for the owner alone', async () => {
    await writeFile(join(folder, 'c.tar'), await tarOf(collected));
    const options = { cwd: folder, env: { ...process.env, TZ: 'UTC', LC_ALL: 'C.UTF-8' } };
    const { stdout, stderr } = await exec(
      'tar',
      ['-tvf', 'c.tar', '--full-time', '--quoting-style=literal'],
      options,
    );
    const lines = stdout.trim().split('\n');
    expect(stderr).toBe('');
    expect(lines.map((line) => line.split(/\s+/).slice(5).join(' '))).toEqual([
      'companions.json',
      'etc/kubernetes/pki/ca.crt',
      'etc/kubernetes/pki/sa.key',
      'etc/kubernetes/empty',
      long.slice(1),
      'companions.json~/4',
      'companions.json~/5',
      'companions.json~/6',
      'companions.json~/7',
    ]);
    for (const line of lines.slice(1)) expect(line).toMatch(/^-rw------- 0\/0 +\d+ 2026-05-04 03:02:01 /);
    await exec('tar', ['-xf', 'c.tar', 'etc/kubernetes/pki/sa.key'], options);
    expect(await readFile(join(folder, 'etc/kubernetes/pki/sa.key'), 'utf8')).toBe('a key');
  });

  it('is opened again as it was collected', async () => {
    const { list, files } = await readCompanions(inPieces(await tarOf(collected)), { path });
    expect(files.map(({ file: { path, why, secret }, content }) => ({ path, why, secret, content }))).toEqual(
      collected.files.map(({ path, why, secret, content }) => ({ path, why, secret, content })),
    );
    expect(list).toMatchObject({ distribution: 'kubeadm', node: 'cp-1', left: collected.left });
    expect(new Date(list.files[0]!.modifiedAt)).toEqual(modifiedAt);
  });

  it('gives single files by name, and says which is not in it', async () => {
    const tar = await tarOf(collected);
    const names = ['/etc/kubernetes/pki/sa.key'];
    const { files } = await readCompanions(inPieces(tar), { path, names });
    expect(files.map(({ content }) => Buffer.from(content).toString())).toEqual(['a key']);
    await expect(readCompanions(inPieces(tar), { path, names: ['/etc/other'] })).rejects.toMatchObject({
      code: 'file-unreadable',
      details: { path: '/etc/other' },
    });
  });

  it('of nothing is opened as well', async () => {
    const { files } = await readCompanions(inPieces(await tarOf({ ...collected, files: [] })), { path });
    expect(files).toEqual([]);
  });
});

/** A tar as somebody else would make it. */
async function made(
  ...entries: readonly (Partial<Header> & { name: string; content?: string })[]
): Promise<Buffer> {
  const tar = pack();
  for (const { content = '', ...header } of entries)
    tar.entry(header, header.type === 'symlink' ? '' : content);
  tar.finalize();
  return Buffer.from(await buffer(tar));
}
const damage = async (bytes: Uint8Array): Promise<string> => {
  try {
    await readCompanions(inPieces(bytes, 4096), { path });
  } catch (error) {
    if (isFailure(error, 'object-damaged')) return error.why;
    throw error;
  }
  return 'none';
};
const list = { name: 'companions.json', content: '{}' };

describe('a tar that others have made', () => {
  it.each<[string, Partial<Header> & { name: string; content?: string }, string]>([
    ['leads upwards', { name: '../x' }, '"../x" is not a plain name'],
    ['leads upwards later', { name: 'a/../../x' }, '"a/../../x" is not a plain name'],
    ['is the folder above', { name: '..' }, '".." is not a plain name'],
    ['is absolute', { name: '/etc/passwd' }, '"/etc/passwd" is not a plain name'],
    ['is not in its short form', { name: 'a//b' }, '"a//b" is not a plain name'],
    ['is a link', { name: 'a', type: 'symlink', linkname: '/etc/passwd' }, '"a" is no file but a symlink'],
    ['is a hard link', { name: 'a', type: 'link', linkname: 'b' }, '"a" is no file but a link'],
    ['is a device', { name: 'a', type: 'character-device' }, '"a" is no file but a character-device'],
    ['is a pipe', { name: 'a', type: 'fifo' }, '"a" is no file but a fifo'],
    ['is a folder', { name: 'a/', type: 'directory' }, '"a/" is no file but a directory'],
    ['is the list again', { name: 'companions.json' }, '"companions.json" is in it twice'],
    ['lies in a file', { name: 'companions.json/a' }, '"companions.json/a" lies in a file'],
    ['is large', { name: 'a', content: 'x'.repeat(4 * 1024 * 1024 + 1) }, '"a" has 4.00 MiB'],
  ])('is refused when an entry %s', async (_, entry, why) => {
    expect(await damage(await made(list, entry))).toBe(why);
  });

  it('is refused without a list that fits', async () => {
    expect(await damage(await made({ name: 'a' }))).toBe('"a" comes before companions.json');
    expect(await damage(await made())).toBe('companions.json cannot be read');
    expect(await damage(await made(list))).toMatch(/^companions\.json is not a list of companions: /);
    expect(await damage(await made({ ...list, content: '{' }))).toBe('companions.json cannot be read');
  });

  it('is refused when files and list differ', async () => {
    const tar = await tarOf({ ...collected, files: collected.files.slice(0, 2) });
    const text = JSON.stringify((await readCompanions(inPieces(tar), { path })).list);
    const [ca, key] = [
      { name: 'etc/kubernetes/pki/ca.crt', content: 'a certificate' },
      { name: 'etc/kubernetes/pki/sa.key', content: 'a key' },
    ];
    const first = { ...list, content: text };
    expect(await damage(await made(first, ca, key))).toBe('none');
    expect(await damage(await made(first, ca))).toBe(
      '"etc/kubernetes/pki/sa.key" is in its list and not in it',
    );
    expect(await damage(await made(first, ca, { ...key, content: 'A key' }))).toBe(
      '"etc/kubernetes/pki/sa.key" is not what its list says',
    );
    expect(await damage(await made(first, ca, key, { name: 'more' }))).toBe('"more" is not in its list');
  });

  it('is refused when it breaks off, goes on for ever, or is none', async () => {
    const tar = await tarOf(collected);
    for (let length = 0; length < tar.length - 1024; length += 256)
      expect(await damage(tar.subarray(0, length))).not.toBe('none');
    expect(await damage(Buffer.alloc(3000, 'x'))).not.toBe('none');
    const endless = (async function* () {
      for (;;) yield Buffer.alloc(1024 * 1024);
    })();
    await expect(readCompanions(endless, { path })).rejects.toMatchObject({
      why: 'it has more than 48.0 MiB',
    });
    const many = Array.from({ length: 2001 }, (_, at) => ({ name: `${at}` }));
    expect(await damage(await made(list, ...many))).toBe('"2000" is one too many: 2000 files are allowed');
  });

  it('is refused whatever single byte was changed, or gives what it gave', async () => {
    const tar = await tarOf({ ...collected, files: collected.files.slice(0, 2) });
    const before = await readCompanions(inPieces(tar), { path });
    for (let at = 0; at < tar.length; at += 7) {
      const changed = Buffer.from(tar);
      changed[at]! ^= 0x11;
      try {
        const { files } = await readCompanions(inPieces(changed, 4096), { path });
        expect(files.map(({ content }) => content)).toEqual(before.files.map(({ content }) => content));
      } catch (error) {
        if (!isFailure(error, 'object-damaged')) throw error;
      }
    }
  });
});

const target = (): string => join(folder, 'node');

describe('extracting', () => {
  it('writes each file under its path, for this user only', async () => {
    const list = await extractCompanions(inPieces(await tarOf(collected)), target(), { path });
    expect(list.files).toHaveLength(8);
    const entries = await readdir(target(), { recursive: true });
    for (const name of ['.', ...entries]) {
      const stats = await lstat(join(target(), name));
      expect(stats.mode & 0o777).toBe(stats.isDirectory() ? 0o700 : 0o600);
    }
    const key = join(target(), 'etc/kubernetes/pki/sa.key');
    expect(await readFile(key, 'utf8')).toBe('a key');
    expect((await lstat(key)).mtime).toEqual(modifiedAt);
    expect(await readFile(join(target(), long), 'utf8')).toBe('long');
  });

  it('writes only what was asked for', async () => {
    const names = ['/etc/kubernetes/empty'];
    await extractCompanions(inPieces(await tarOf(collected)), target(), { path, names });
    expect(await readdir(target(), { recursive: true })).toEqual([
      'etc',
      'etc/kubernetes',
      'etc/kubernetes/empty',
    ]);
  });

  it('touches nothing that exists, and leaves nothing of what is damaged', async () => {
    const tar = await tarOf(collected);
    await expect(
      extractCompanions(inPieces(tar.subarray(0, 4000)), target(), { path }),
    ).rejects.toMatchObject({ code: 'object-damaged' });
    expect(await readdir(folder)).toEqual([]);
    await mkdir(target());
    await expect(extractCompanions(inPieces(tar), target(), { path })).rejects.toMatchObject({
      code: 'file-exists',
    });
    expect(await readdir(target())).toEqual([]);
    await expect(extractCompanions(inPieces(tar), join(folder, 'a/b'), { path })).rejects.toMatchObject({
      code: 'file-unwritable',
    });
  });

  it('leaves nothing when a file cannot be written', async () => {
    const files = [file(`/${'n'.repeat(300)}`, 'too long a name')];
    await expect(
      extractCompanions(inPieces(await tarOf({ ...collected, files })), target(), { path }),
    ).rejects.toMatchObject({ code: 'file-unwritable' });
    expect(await readdir(folder)).toEqual([]);
  });
});
