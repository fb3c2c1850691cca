import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeRoot, openNodeRoot } from './node-root.ts';

let base: string;
let node: string;
let root: NodeRoot;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'holdfast-root-'));
  node = join(base, 'node');
  await mkdir(node);
  await writeFile(join(base, 'outside'), 'of this machine');
  root = await openNodeRoot(node);
});
afterEach(() => rm(base, { recursive: true }));

async function put(path: string, content: string | Uint8Array = path): Promise<void> {
  await mkdir(dirname(join(node, path)), { recursive: true });
  await writeFile(join(node, path), content);
}
async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(join(node, path)), { recursive: true });
  await symlink(target, join(node, path));
}
const text = async (path: string): Promise<string | undefined> => {
  const content = await root.read(path);
  return content && Buffer.from(content).toString();
};

describe('a file of a node', () => {
  it('is read with the moment of its last change', async () => {
    await put('/etc/a');
    const moment = new Date('2026-02-03T04:05:06Z');
    await utimes(join(node, 'etc/a'), moment, moment);
    expect(await text('/etc/a')).toBe('/etc/a');
    expect(root.modifiedAt('/etc/a')).toEqual(moment);
    expect(root.modifiedAt('/etc/b')).toBeUndefined();
    await put('/etc/empty', '');
    expect(await text('/etc/empty')).toBe('');
  });

  it('is not there where nothing is, or a file is on the way', async () => {
    await put('/etc/a');
    expect(await text('/etc/b')).toBeUndefined();
    expect(await text('/etc/a/b')).toBeUndefined();
    expect(await text('/nowhere/b')).toBeUndefined();
    await expect(text('/etc/\0')).rejects.toThrow(/null bytes/);
  });

  it('is found through links as the node sees them, and never outside of it', async () => {
    await put('/data/rancher/token', 'inside');
    await put('/outside', 'of the node');
    await link('/var/lib/rancher', '/data/rancher');
    await link('/var/lib/relative', '../../data/rancher');
    await link('/etc/token', '/var/lib/rancher/token');
    await link('/etc/up', '../../../../../../outside');
    await link('/etc/absolute', join(base, 'outside'));
    expect(await text('/var/lib/rancher/token')).toBe('inside');
    expect(await text('/var/lib/relative/token')).toBe('inside');
    expect(await text('/etc/token')).toBe('inside');
    expect(await text('/etc/up')).toBe('of the node');
    expect(await text('/etc/../../outside')).toBe('of the node');
    await expect(text('/etc/absolute')).rejects.toThrow(`it is a link to ${base.split('/', 2).join('/')}`);
  });

  it('is refused where its links lead in a circle, to a folder, or nowhere', async () => {
    await link('/a', '/b');
    await link('/b', '/a');
    await expect(text('/a')).rejects.toThrow('its links lead in a circle');
    await put('/etc/folder/x');
    await expect(text('/etc/folder')).rejects.toThrow('it is a folder');
    await link('/etc/gone', '/mnt/key');
    await expect(text('/etc/gone')).rejects.toThrow('it is a link to /mnt, which is not there');
  });

  it('is refused when it is a pipe, a socket or a device, without being opened', async () => {
    execFileSync('mkfifo', [join(node, 'pipe')]);
    await expect(text('/pipe')).rejects.toThrow('it is no regular file');
    const server = createServer().listen(join(node, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(text('/socket')).rejects.toThrow('it is no regular file');
    await new Promise((resolve) => server.close(resolve));
    const machine = await openNodeRoot('/');
    await expect(machine.read('/dev/zero')).rejects.toThrow('it is no regular file');
  });

  it('is refused when it is too large, or other than its size says', async () => {
    await put('/large', Buffer.alloc(4 * 1024 * 1024 + 1));
    await expect(text('/large')).rejects.toThrow('it has 4.00 MiB, and a companion at most 4.00 MiB');
    const machine = await openNodeRoot('/');
    await expect(machine.read('/proc/version')).rejects.toThrow('it was changed while it was read');
  });

  it('is refused when a link takes the place of a folder on the way', async () => {
    await put('/etc/pki/key', 'inside');
    await mkdir(join(base, 'other'));
    await writeFile(join(base, 'other/key'), 'outside');
    for (let turns = 0; turns < 60; turns += 1) {
      const reading = text('/etc/pki/key').catch((error: Error) => error.message);
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      renameSync(join(node, 'etc/pki'), join(node, 'etc/away'));
      symlinkSync(join(base, 'other'), join(node, 'etc/pki'));
      expect(await reading).not.toBe('outside');
      rmSync(join(node, 'etc/pki'));
      renameSync(join(node, 'etc/away'), join(node, 'etc/pki'));
    }
  });

  it.skipIf(process.getuid?.() === 0)('that this user may not read is refused in words', async () => {
    await put('/secret');
    await chmod(join(node, 'secret'), 0);
    await expect(text('/secret')).rejects.toThrow(/^permission denied$/);
  });
});

describe('a folder of a node', () => {
  it('lists its files and links to files, and links that lead nowhere', async () => {
    await put('/etc/net.d/a.conf');
    await put('/etc/net.d/folder/b.conf');
    await link('/etc/net.d/c.conf', 'a.conf');
    await link('/etc/net.d/d', 'folder');
    await link('/etc/net.d/e.conf', '/mnt/e.conf');
    await link('/etc/cni', '/etc/net.d');
    expect((await root.list('/etc/net.d')).toSorted()).toEqual(['a.conf', 'c.conf', 'e.conf']);
    expect((await root.list('/etc/cni')).toSorted()).toEqual(['a.conf', 'c.conf', 'e.conf']);
  });

  it('is empty where there is none', async () => {
    await put('/etc/a');
    expect(await root.list('/nowhere')).toEqual([]);
    expect(await root.list('/etc/a')).toEqual([]);
  });
});

it('a root that is not there is refused', async () => {
  await expect(openNodeRoot(join(base, 'none'))).rejects.toMatchObject({
    code: 'file-unreadable',
    why: 'no such file or directory',
  });
});
