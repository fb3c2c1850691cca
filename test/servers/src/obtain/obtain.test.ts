import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claim, release } from './claim.ts';
import { etcdInFolder } from './etcd-folder.ts';
import { runAny } from './run.ts';
import { firstWay, PartUnavailable } from './ways.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-obtain-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('the ways to a part', () => {
  it('are tried in order, and a failing one gives way', async () => {
    const fails = { name: 'first', get: async () => Promise.reject(new Error('not set')) };
    expect(await firstWay('a part', [fails, { name: 'second', get: async () => 'had' }])).toBe('had');
    await expect(firstWay('a part', [fails, { ...fails, name: 'other' }])).rejects.toThrow(
      new PartUnavailable('a part', ['first: not set', 'other: not set']),
    );
  });

  it('refuse an etcd of another minor', async () => {
    writeFileSync(join(dir, 'etcd'), '#!/bin/sh\necho etcd Version: 3.5.1\n', { mode: 0o755 });
    await expect(etcdInFolder(dir, '3.6')).rejects.toThrow('is 3.5.1, not 3.6');
    await expect(etcdInFolder(dir, '3.5')).rejects.toThrow('etcdutl');
  });

  it.each([
    ['3.6', ['HOLDFAST_ETCD_3_6: no ', 'PATH: no etcd']],
    ['kube-apiserver', ['HOLDFAST_KUBE_APISERVER: not set', 'PATH: none there']],
  ])('name every reason when none is left: %s', async (part, own) => {
    const { code, stderr } = await runAny(
      process.execPath,
      [join(import.meta.dirname, '..', 'prepare.ts'), part],
      {
        env: {
          PATH: dir,
          HOLDFAST_CACHE: join(dir, 'cache'),
          HOLDFAST_ETCD_3_6: dir,
          HOLDFAST_KUBE_APISERVER: undefined,
          HOLDFAST_GO: undefined,
        },
      },
    );
    expect(code).toBe(1);
    for (const way of [...own, 'cache: none in', 'Go: Go ', 'no apt-get']) expect(stderr).toContain(way);
    expect(readdirSync(join(dir, 'cache'))).toEqual([]);
  });

  it('refuse a kube-apiserver that is too old', async () => {
    const path = join(dir, 'kube-apiserver');
    writeFileSync(path, '#!/bin/sh\necho Kubernetes v1.20.2\n', { mode: 0o755 });
    const { stderr } = await runAny(
      process.execPath,
      [join(import.meta.dirname, '..', 'prepare.ts'), 'kube-apiserver'],
      { env: { PATH: dir, HOLDFAST_CACHE: join(dir, 'cache'), HOLDFAST_KUBE_APISERVER: path } },
    );
    expect(stderr).toContain(`HOLDFAST_KUBE_APISERVER: ${path} is 1.20.2, not 1.30 or newer`);
  });
});

describe('a claim', () => {
  it('has one owner until it is given back', () => {
    const path = join(dir, 'claim');
    expect(claim(path)).toBe(true);
    expect(claim(path)).toBe(false);
    release(path);
    expect(claim(path)).toBe(true);
  });

  it('of a process that is gone is taken over', async () => {
    const gone = spawn('true');
    await once(gone, 'exit');
    const path = join(dir, 'claim');
    expect(claim(path, gone.pid)).toBe(true);
    expect(claim(path)).toBe(true);
    expect(readdirSync(dir)).toEqual(['claim']);
  });

  it('is won by one of many processes', async () => {
    mkdirSync(join(dir, 'claims'));
    const script = `import { claim } from ${JSON.stringify(join(import.meta.dirname, 'claim.ts'))};
      let won = 0;
      for (let i = 0; i < 200; i++) if (claim(${JSON.stringify(join(dir, 'claims', 'c'))} + i)) won++;
      console.log(won);
      setTimeout(() => {}, 1500);`;
    const runs = await Promise.all(
      [1, 2, 3].map(async () => runAny(process.execPath, ['--input-type=module-typescript', '-e', script])),
    );
    expect(runs.reduce((sum, { stdout }) => sum + Number(stdout), 0)).toBe(200);
  });
});
