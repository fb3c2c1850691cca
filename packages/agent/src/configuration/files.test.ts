import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ComponentDescription } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileChanges } from './files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
};

/** A saved file of the node cp-1 at a path of this machine. */
function savedFile(path: string, text: string, more: { why?: string; secret?: boolean } = {}) {
  const content = Buffer.from(text);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = { path, entry: path.slice(1), why: 'it is needed', secret: false, size: content.length };
  return { file: { ...file, sha256, modifiedAt: '2026-01-01T00:00:00.000Z', ...more }, content };
}

const changesOf = (
  files: ReturnType<typeof savedFile>[],
  { node = 'cp-1', components = [] as ComponentDescription[] } = {},
) =>
  fileChanges({
    saved: {
      list: {
        ...{ apiVersion: 'holdfast.dev/v1', kind: 'Companions', distribution: 'kubeadm', node: 'cp-1' },
        ...{ collectedAt: '2026-01-01T00:00:00.000Z', left: [], files: files.map(({ file }) => file) },
      },
      files,
    },
    ...{ members: [], components, at: 'api-1', node },
  });

test('what differs is told with its difference, and what is the same is not', async () => {
  const same = await put('audit.yaml', 'a\n');
  const other = await put('config.yaml', 'token: geheim\nport: 1\n');
  const changes = await changesOf([
    savedFile(same, 'a\n'),
    savedFile(other, 'token: secret\nport: 2\n', { secret: true }),
  ]);
  expect(changes).toEqual([
    {
      ...{ at: 'api-1', kind: 'file', what: 'it is needed', path: other, how: 'file', absent: false },
      ...{ from: null, to: null, applies: true, why: '' },
      diff: `--- ${other}\n+++ ${other}\n@@ -1,2 +1,2 @@\n-token: ***\n-port: 1\n+token: ***\n+port: 2\n`,
    },
  ]);
});

test('keys are put where there are none, and never over others; nothing of them is shown', async () => {
  const there = await put('pki/ca.key', 'mine');
  const gone = join(folder, 'pki/sa.key');
  const key = savedFile(there, 'theirs', { secret: true });
  const changes = await changesOf([key, savedFile(gone, 'sa', { secret: true })]);
  expect(changes).toMatchObject(
    [
      { path: there, applies: false, why: /never put over others/, diff: null, from: null, to: null },
      { path: gone, applies: true, absent: true, diff: null, to: null },
    ].map((each) => ('why' in each ? { ...each, why: expect.stringMatching(each.why as RegExp) } : each)),
  );
  expect(JSON.stringify(changes)).not.toMatch(/mine|theirs/);
});

test("of another machine's files only those count that all machines share, and the rest is told in one line", async () => {
  const own = await put('config.yaml', 'a\n');
  const shared = await put('audit.yaml', 'a\n');
  const why = 'the API server is started with it (--audit-policy-file)';
  const changes = await changesOf([savedFile(own, 'b\n'), savedFile(shared, 'b\n', { why })], {
    node: 'cp-2',
  });
  expect(changes).toMatchObject([
    { path: shared, applies: true },
    {
      path: null,
      applies: false,
      why: expect.stringMatching(/^1 saved files are of cp-1 .* this one is cp-2/),
    },
  ]);
});

test('a manifest is exchanged where its part is described, and etcd is left as it is described', async () => {
  const manifest = await put('manifests/kube-apiserver.yaml', 'a: 1\n');
  const run = { driver: 'static-pods', manifest, podLogs: '/var/log/pods' } as const;
  const component = {
    name: 'api-1',
    component: 'kube-apiserver',
    urls: ['https://127.0.0.1:1'],
    run,
  } as const;
  const components: ComponentDescription[] = [{ ...component, urls: [...component.urls] }];
  const etcd = await put('manifests/etcd.yaml', 'a: 1\n');
  const changes = await changesOf(
    [
      savedFile(manifest, 'a: 2\n'),
      savedFile(etcd, 'a: 2\n'),
      savedFile('/etc/kubernetes/manifests/kube-holdfast-test.yaml', 'a: 2\n'),
    ],
    { components },
  );
  expect(changes).toMatchObject([
    { path: manifest, applies: true },
    { path: etcd, applies: false, why: expect.stringMatching(/^etcd is run as it is described/) },
    { applies: false, why: expect.stringMatching(/^no described part/) },
  ]);
  expect(await readdir(folder)).toEqual(['manifests']);
});
