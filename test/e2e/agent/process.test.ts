import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { beginHoldfast, holdfast, type Finished, type Running } from '../product.ts';

const policies = (cron: string): string => `
apiVersion: holdfast.dev/v1
kind: Policies
policies:
  - name: main
    schedule: { ${cron} }
    targets:
      - repository: ./repository
    retention: { last: 5 }
`;

interface State {
  readonly policies: Record<string, { readonly jobs: { readonly save: { readonly runs: number } } }>;
  readonly configuration: { readonly refused: string | null };
}

const runs = (now: State): number => now.policies['main']?.jobs.save.runs ?? 0;
const events = ({ stderr }: Finished): string[] =>
  stderr
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { readonly event: string }).event);

describe.skipIf((await etcdOrSkip('3.6')).skip)('the agent as a process', () => {
  let cluster: EtcdCluster;
  let folder: string;
  const agents: Running[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ version: '3.6' });
    await cluster.gateway().put('/a', 'one');
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-agent-'));
  });
  afterEach(async () => {
    for (const agent of agents) agent.signal('SIGKILL');
    await Promise.all(agents.splice(0).map(({ finished }) => finished));
    rmSync(folder, { recursive: true });
  });

  const at = (name: string): string => join(folder, name);
  const flags = (): string[] => [
    ...['--policy-file', at('policies.yaml'), '--state-dir', at('state')],
    ...['--endpoints', cluster.endpoints.join(',')],
  ];
  const write = (cron: string): void =>
    writeFileSync(at('policies.yaml'), policies(cron).replace('./repository', at('repository')));
  const start = (): Running => {
    const agent = beginHoldfast(['agent', '--standalone', '--listen', 'none', ...flags()]);
    agents.push(agent);
    return agent;
  };
  const state = async (): Promise<State | undefined> => {
    const { readFile } = await import('node:fs/promises');
    const text = await readFile(at('state/agent/state.json'), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as State);
  };
  /** Looks until it is so; the test's own limit ends it. */
  const until = async (is: (now: State) => boolean): Promise<void> => {
    for (;;) {
      const now = await state();
      if (now !== undefined && is(now)) return;
      await wait(50);
    }
  };
  const snapshots = async (): Promise<string[]> => {
    const listed = await holdfast(['snapshot', 'list', '-q', '--repo', at('repository')]);
    return listed.stdout.split('\n').filter(Boolean);
  };

  test('it saves by itself, takes a new file on SIGHUP and refuses a bad one, and ends well on SIGTERM', async () => {
    write('intervalHours: 5');
    const agent = start();
    await until((now) => runs(now) === 1);
    const run = await holdfast(['policy', 'run', 'main', '-q', ...flags()]);
    expect(run).toMatchObject({ status: 0 });
    // An etcd program that does not run says nothing of the snapshot.
    const drill = await holdfast([
      'policy',
      'run',
      'main',
      '--job',
      'drill',
      '--etcd',
      '/bin/false',
      ...flags(),
    ]);
    expect(drill).toMatchObject({ status: 14, stderr: expect.stringContaining('no etcd program') });
    expect(await snapshots()).toEqual([run.stdout.trim(), expect.stringMatching(/^main-/)]);
    write('cron: "never"');
    agent.signal('SIGHUP');
    await until(({ configuration }) => configuration.refused !== null);
    // What was run beside it counts as well.
    await until((now) => runs(now) === 2);
    write('intervalHours: 6');
    agent.signal('SIGHUP');
    await until(({ configuration }) => configuration.refused === null);
    const second = await holdfast(['agent', '--standalone', '--listen', 'none', ...flags()]);
    expect(second).toMatchObject({ status: 11, stderr: expect.stringContaining('another agent') });
    agent.signal('SIGTERM');
    const ended = await agent.finished;
    expect(ended.status).toBe(0);
    expect(events(ended)).toEqual(
      expect.arrayContaining([
        'started',
        'policies-read',
        'run-begun',
        'run-ended',
        'policies-refused',
        'stopping',
      ]),
    );
    expect(readdirSync(at('state/agent')).filter((name) => name.startsWith('lock-'))).toEqual([]);
  });

  test('killed and begun again, it takes its folder over and saves nothing twice', async () => {
    write('intervalHours: 5');
    const first = start();
    await until((now) => runs(now) === 1);
    first.signal('SIGKILL');
    await first.finished;
    const second = start();
    await until(({ configuration }) => configuration.refused === null);
    const run = await holdfast(['policy', 'run', 'main', ...flags()]);
    expect(run.status).toBe(0);
    await until((now) => runs(now) === 2);
    second.signal('SIGINT');
    expect((await second.finished).status).toBe(130);
    expect(await snapshots()).toHaveLength(2);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'begun on a full disk it saves elsewhere all the same, and is the only one once there is room',
    async () => {
      write('intervalHours: 5');
      mkdirSync(at('state'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', at('state')]);
      try {
        mkdirSync(at('state/agent'), { mode: 0o700 });
        writeFileSync(at('state/hog'), '');
        expect(() => appendFileSync(at('state/hog'), Buffer.alloc(256 * 1024))).toThrow('ENOSPC');
        const agent = start();
        while ((await snapshots()).length === 0) await wait(50);
        rmSync(at('state/hog'));
        await until((now) => runs(now) === 1);
        const second = await holdfast(['agent', '--standalone', '--listen', 'none', ...flags()]);
        expect(second).toMatchObject({ status: 11 });
        agent.signal('SIGTERM');
        const ended = await agent.finished;
        expect(ended.status).toBe(0);
        expect(events(ended)).toContain('not-alone');
      } finally {
        execFileSync('umount', ['--lazy', at('state')]);
      }
    },
  );

  test('without a policy file it does as Rancher 1.6 did, when its variables are set', async () => {
    const variables = { BACKUP_PERIOD: '15m0s', SERVICE_INDEX: '2', HOLDFAST_REPO: at('repository') };
    const agent = beginHoldfast(
      ['agent', '--standalone', '--listen', 'none', ...flags()],
      undefined,
      variables,
    );
    agents.push(agent);
    await until((now) => (now.policies['embedded-backups']?.jobs.save.runs ?? 0) === 1);
    expect(await snapshots()).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ_etcd_2$/)]);
    agent.signal('SIGTERM');
    expect((await agent.finished).status).toBe(0);
    const elsewhere = ['--policy-file', at('none.yaml'), '--state-dir', at('other')];
    const without = await holdfast(['agent', '--standalone', '--listen', 'none', ...elsewhere]);
    expect(without.stderr).toContain('there is no policy file');
  });
});
