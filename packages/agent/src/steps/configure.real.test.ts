import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { companionsTar, type ArtefactSource, type ComponentOrder } from '@holdfast/engine';
import { heldManifest, type PlannedComponent, type RestorePlan } from '@holdfast/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localNode } from '../local-node.ts';
import { makeSlowServer } from '../testing/component-conformance.ts';
import { testContext, testId, testMember, testPlan, TestRestore } from './test-restore.ts';
import type { StepsOrder } from './test-steps.ts';

const strike = new URL('../../../../test/e2e/fault/strike-at-change.ts', import.meta.url).href;
const script = new URL('test-steps.ts', import.meta.url).pathname;
const kubelet = new URL('../testing/small-kubelet.ts', import.meta.url).pathname;
const isRoot = process.getuid?.() === 0;
const hasCompiler = spawnSync('cc', ['--version']).status === 0;
const kubernetes = { version: 'v1.34.1', companions: null };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-configure-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const manifestText = (name: string, version: string, command: readonly string[] = ['/bin/false']): string =>
  `apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: kube-system }
spec:
  containers:
  - name: ${name} # as kubeadm has it
    image: "registry.k8s.io/${name}:${version}"
    command: ${JSON.stringify(command)}
`;

function part(name: PlannedComponent['component'], url = 'http://127.0.0.1:1'): PlannedComponent {
  const manifest = join(dir, 'manifests', `${name}.yaml`);
  return {
    ...{ name: `${name}-1`, component: name, urls: [url], running: true },
    run: { driver: 'static-pods', manifest, podLogs: join(dir, 'pods') },
  };
}

const manifestOf = ({ run }: PlannedComponent): string => (run.driver === 'static-pods' ? run.manifest : '');

/** Every file below the folder, with what is in it. */
const tree = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile() && !each.parentPath.includes('/pods'))
      .map((each) => join(each.parentPath, each.name))
      .toSorted()
      .map((path) => [path.slice(dir.length), readFileSync(path, 'utf8')]),
  );

/** The saved files as whoever leads gives them. */
async function saved(files: Readonly<Record<string, string>>, secret = false): Promise<ArtefactSource> {
  const at = new Date('2026-01-01T00:00:00Z');
  const parts = [randomBytes(64)];
  const tar = companionsTar({
    ...{ distribution: 'kubeadm', node: hostname(), collectedAt: at, left: [] },
    files: Object.entries(files).map(([path, text]) => {
      return { path, why: 'it is needed', secret, content: Buffer.from(text), modifiedAt: at };
    }),
  });
  for await (const chunk of tar) parts.push(Buffer.from(chunk));
  const bytes = Buffer.concat(parts);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    sha256,
    size: bytes.length,
    open: async function* open() {
      yield bytes;
    },
  };
}

function planOf(controlPlane: PlannedComponent[], more: Partial<RestorePlan> = {}): RestorePlan {
  return testPlan([testMember(dir)], process.execPath, { controlPlane, ...more });
}

/** As the held manifests tell. */
const versions = (parts: readonly PlannedComponent[]): (string | undefined)[] =>
  parts.map(
    (each) => /:(v[\d.]+)"\n {4}command/.exec(readFileSync(heldManifest(manifestOf(each)), 'utf8'))?.[1],
  );

/** As kube-apiserver says its version. */
function compile(path: string, version: string): void {
  const source = `#include <stdio.h>\nint main(void) { puts("Kubernetes ${version}"); return 0; }\n`;
  const { status, stderr } = spawnSync('cc', ['-x', 'c', '-', '-o', path], { input: source });
  expect([status, String(stderr)]).toEqual([0, '']);
}

describe.skipIf(!isRoot)('a static pod', () => {
  const node = localNode(systemClock);

  test(
    'has the version and the files of before the restore when it serves again, and those of now when that is undone',
    { timeout: 120_000 },
    async () => {
      const [manifests, podLogs] = [join(dir, 'manifests'), join(dir, 'pods')];
      for (const each of [manifests, podLogs]) mkdirSync(each);
      symlinkSync(process.execPath, join(dir, 'kubelet'));
      const flags = [`--pod-manifest-path=${manifests}`, `--pod-logs=${podLogs}`, '--hostname-override=cp-1'];
      const child = spawn(join(dir, 'kubelet'), [kubelet, ...flags], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await once(child.stdout, 'data');
        const { command, url } = await makeSlowServer(dir, 'kube-apiserver', 100);
        const api = part('kube-apiserver', url);
        const before = manifestText('kube-apiserver', 'v1.35.2', command);
        writeFileSync(manifestOf(api), before);
        const audit = join(dir, 'audit.yaml');
        writeFileSync(audit, 'level: None\n');
        const artefact = await saved({ [audit]: 'level: Metadata\n', [join(dir, 'new.yaml')]: 'a: 1\n' });
        const order: ComponentOrder = { plan: planOf([api]), kind: 'serve', component: api, found: {} };
        await node.performComponent(order, testContext);

        const { running: _running, ...described } = api;
        const here = { members: [], components: [described], among: [], artefact };
        const changes = await node.compare(
          { restore: testId, scope: 'all', wanted: kubernetes, ...here },
          testContext,
        );
        expect(changes.filter(({ what }) => what !== 'kubelet')).toMatchObject([
          {
            at: api.name,
            what: 'kube-apiserver',
            from: 'v1.35.2',
            to: 'v1.34.1',
            applies: true,
            how: 'manifest',
          },
          { path: audit, applies: true, diff: expect.stringContaining('\n-level: None\n+level: Metadata\n') },
          { path: join(dir, 'new.yaml'), absent: true, applies: true },
        ]);
        // It is of the machine's packages.
        expect(changes.find(({ what }) => what === 'kubelet')).toMatchObject({
          applies: false,
          to: 'v1.34.1',
        });
        expect(tree()[`/manifests/kube-apiserver.yaml`]).toBe(before);

        const plan = planOf([api], { scope: 'all', changes: [...changes] });
        const doing = (kind: ComponentOrder['kind']): ComponentOrder => {
          return { plan, kind, component: api, found: {}, ...(kind === 'configure' && { artefact }) };
        };
        await expect(node.performComponent(doing('configure'), testContext)).rejects.toMatchObject({
          code: 'node-failed',
          why: expect.stringContaining('where the kubelet starts it'),
        });
        await node.performComponent(doing('halt'), testContext);
        const evidence = await node.performComponent(doing('configure'), testContext);
        expect(evidence).toMatchObject({
          changed: [
            { path: manifestOf(api), from: 'v1.35.2', to: 'v1.34.1', before: expect.any(String) },
            { path: audit, after: createHash('sha256').update('level: Metadata\n').digest('hex') },
            { path: join(dir, 'new.yaml'), kept: null, before: null },
          ],
        });
        expect(await node.performComponent(doing('configure'), testContext)).toEqual(evidence);
        await node.performComponent(doing('serve'), testContext);
        expect(readdirSync(manifests)).toEqual(['kube-apiserver.yaml']);
        expect(readFileSync(manifestOf(api), 'utf8')).toBe(before.replace('v1.35.2', 'v1.34.1'));
        expect(readFileSync(audit, 'utf8')).toBe('level: Metadata\n');

        await node.undoComponent(doing('serve'), testContext);
        await node.undoComponent(doing('configure'), testContext);
        await node.undoComponent({ ...doing('halt'), found: { halt: { wasRunning: true } } }, testContext);
        expect((await node.observeComponent(api, testContext)).running).toBe(true);
        expect(readFileSync(manifestOf(api), 'utf8')).toBe(before);
        expect(readFileSync(audit, 'utf8')).toBe('level: None\n');
        expect(existsSync(join(dir, 'new.yaml'))).toBe(false);
        expect(Object.keys(tree()).filter((path) => path.includes(testId))).toEqual([]);
        await node.performComponent(doing('halt'), testContext);
      } finally {
        const gone = once(child, 'exit');
        if (child.kill('SIGTERM')) await gone;
      }
    },
  );
});

describe('manifests that are held', () => {
  const names = ['kube-apiserver', 'kube-scheduler'] as const;

  /** A restore that has come to its `configure`. */
  async function ready(): Promise<{
    restore: TestRestore;
    parts: PlannedComponent[];
    old: Record<string, string>;
  }> {
    const parts = names.map((name) => part(name));
    const member = testMember(dir);
    mkdirSync(join(dir, 'manifests.holdfast'));
    for (const [at, each] of parts.entries())
      writeFileSync(heldManifest(manifestOf(each)), manifestText(names[at]!, 'v1.35.2'), { mode: 0o640 });
    const changes = parts.map((each): NonNullable<RestorePlan['changes']>[number] => {
      return {
        ...{ at: 'm1', kind: 'version', what: each.component, path: manifestOf(each), how: 'manifest' },
        ...{ from: 'v1.35.2', to: 'v1.34.1', absent: false, applies: true, why: '', diff: null },
      };
    });
    const restore = new TestRestore(
      testPlan([member], process.execPath, { controlPlane: parts, changes }),
      member,
    );
    await restore.perform(['lock']);
    return { restore, parts, old: tree() };
  }

  test(
    'are each old or new after a crash at any change, and all of them new or old in the end',
    { timeout: 900_000 },
    async () => {
      const { restore, parts, old } = await ready();
      const struck = async (way: StepsOrder['way'], at: number): Promise<boolean> => {
        const { plan, member, found } = restore;
        const order: StepsOrder = {
          way,
          kinds: ['configure'],
          plan,
          member,
          found,
          journal: join(tmpdir(), `${testId}-${process.pid}`),
        };
        writeFileSync(order.journal, '');
        const child = spawn(process.execPath, ['--import', strike, script, JSON.stringify(order)], {
          stdio: ['ignore', 'ignore', 'inherit'],
          env: { ...process.env, FAULT_ROOT: dir, FAULT_AT: String(at), FAULT_DO: 'kill' },
        });
        const [code] = (await once(child, 'exit')) as [number | null];
        rmSync(order.journal);
        return code === 0;
      };
      let crashes = 0;
      for (let at = 1; ; at += 1) {
        const isWhole = await struck('perform', at);
        for (const version of versions(parts)) expect(version).toMatch(/^v1\.3(?:5\.2|4\.1)$/);
        if (isWhole) break;
        crashes += 1;
        if (at % 2 === 0) await restore.perform(['configure']);
        if (at % 2 === 0) expect(versions(parts)).toEqual(Array(2).fill('v1.34.1'));
        // The way back is struck as well.
        if (at % 3 === 0) await struck('undo', at / 3);
        for (const version of versions(parts)) expect(version).toMatch(/^v1\.3(?:5\.2|4\.1)$/);
        await restore.undo(['configure']);
        expect(tree()).toEqual(old);
      }
      expect(crashes).toBeGreaterThan(10);
      expect(versions(parts)).toEqual(Array(2).fill('v1.34.1'));
      await restore.undo(['configure']);
      expect(tree()).toEqual(old);
    },
  );

  test('are left alone, all of them, where one is not what the plan has shown', async () => {
    const { restore, parts } = await ready();
    writeFileSync(heldManifest(manifestOf(parts[1]!)), manifestText('kube-scheduler', 'v1.36.0'));
    const now = tree();
    await expect(restore.perform(['configure'])).rejects.toMatchObject({
      code: 'node-failed',
      why: expect.stringContaining('was planned with v1.35.2: plan anew'),
    });
    expect(tree()).toEqual(now);
  });

  test('stay beside until the restore is released', async () => {
    const { restore, parts } = await ready();
    await restore.perform(['configure']);
    await restore.perform(['unlock']);
    const kept = parts.map((each) => `${heldManifest(manifestOf(each))}.pre-${testId}`);
    expect((await restore.release()).toSorted()).toEqual(kept.toSorted());
    expect(Object.keys(tree()).filter((path) => path.includes(testId))).toEqual([]);
  });
});

describe.skipIf(!hasCompiler)('a program', () => {
  test('is exchanged for one that lies beside it, and what is to be put there is said where none does', async () => {
    const path = join(dir, 'kube-apiserver');
    compile(path, 'v1.35.2');
    const run = { driver: 'process', command: [path], environment: {}, logFile: join(dir, 'log') } as const;
    const component = { name: 'api-1', component: 'kube-apiserver', urls: ['http://127.0.0.1:1'] } as const;
    const described = { ...component, urls: [...component.urls], run: { ...run, command: [path] } };
    const node = localNode(systemClock);
    const order = {
      ...{ restore: testId, wanted: kubernetes, members: [], among: [] },
      scope: 'kubernetesVersion',
      components: [described],
    } as const;
    const told = { at: 'api-1', what: 'kube-apiserver', path, from: 'v1.35.2', to: 'v1.34.1', how: 'binary' };
    expect(await node.compare(order, testContext)).toMatchObject([
      { ...told, applies: false, why: `there is no ${path}-v1.34.1: put that program there and plan again` },
    ]);
    compile(`${path}-v1.34.1`, 'v1.34.0');
    expect(await node.compare(order, testContext)).toMatchObject([{ ...told, applies: false }]);
    compile(`${path}-v1.34.1`, 'v1.34.1');
    const changes = await node.compare(order, testContext);
    expect(changes).toMatchObject([{ ...told, applies: true }]);

    const planned: PlannedComponent = { ...described, running: false };
    const plan = planOf([planned], { scope: 'kubernetesVersion', changes: [...changes] });
    const doing: ComponentOrder = { plan, kind: 'configure', component: planned, found: {} };
    copyFileSync(path, join(dir, 'old'));
    await node.performComponent(doing, testContext);
    expect(String(spawnSync(path).stdout)).toBe('Kubernetes v1.34.1\n');
    expect(await node.compare(order, testContext)).toEqual([]);
    await node.undoComponent(doing, testContext);
    expect(readFileSync(path).equals(readFileSync(join(dir, 'old')))).toBe(true);
    expect(existsSync(`${path}.pre-${testId}`)).toBe(false);
  });
});
