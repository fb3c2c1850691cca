import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandsOf, page, part, root } from './pages.ts';
import { holdfast } from './product.ts';
import { Lab } from './restore/lab.ts';

/** The options that a command line, or an option's row in a table, names in full. */
function flagsOf(text: string): string[] {
  return [...text.matchAll(/(?<=^|\s)--[a-z][a-z-]*/g)].map(([flag]) => flag);
}

/** Those that a page lists in its tables. */
function optionsOf(text: string): string[] {
  return [...text.matchAll(/^\| `(-[^`]+)`/gm)].flatMap(([, option]) => flagsOf(option!));
}

/** Every command with its options, by the page that is made from the command tree. */
function reference(): Map<string, Set<string>> {
  const [general = '', ...commands] = page('docs/reference/cli.md').split('\n## holdfast ');
  return new Map(
    commands.map((text) => [text.split('\n', 1)[0]!, new Set([...optionsOf(general), ...optionsOf(text)])]),
  );
}

/** Runs a command of a page, which has to succeed. */
async function expectDone(command: string, words: readonly string[]): Promise<void> {
  const { status, stderr } = await holdfast(words);
  expect({ command, status, stderr: status === 0 ? '' : stderr }).toEqual({ command, status: 0, stderr: '' });
}

/** A demo waits three times for a quorum that is gone. */
const demoMs = 600_000;
const minors = ['3.4', '3.6'] as const;
const had = await Promise.all(minors.map((minor) => etcdOrSkip(minor)));

describe.skipIf(had.some(({ skip }) => skip))('the README', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-docs-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('every command under Use does what it says on a real cluster', async () => {
    await using cluster = await startCluster({ version: '3.6', members: 3, tls: true });
    const { cacert, cert, key } = cluster.tls!;
    const here: [RegExp, string][] = [
      [/https:\/\/10\.0\.0\.1:2379(?:,\S+)?/, cluster.endpoints.join(',')],
      [/\/backup/, join(folder, 'repository')],
      [/\/var\/lib\/etcd/, join(folder, 'data')],
      [/\bca\.crt/, cacert],
      [/\bclient\.crt/, cert],
      [/\bclient\.key/, key],
      [/drill run/, `drill run --etcd ${cluster.plan.binaries.etcd} --state-dir ${join(folder, 'state')}`],
    ];
    const commands = commandsOf(part('README.md', 'Use')).filter((line) => line.startsWith('npx holdfast '));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const line = here.reduce((text, [from, to]) => text.replace(from, to), command);
      await expectDone(command, line.split(/\s+/).slice(2));
    }
    expect(existsSync(join(folder, 'data/member/snap/db'))).toBe(true);
  });

  test.each([
    ['README.md', part('README.md', 'At three in the morning')],
    ['docs/restore.md', page('docs/restore.md').split('\n## ')[0]!],
  ])('at three in the morning the commands of %s bring a lost cluster back', async (_, text) => {
    await using lab = await Lab.make({ version: '3.6', members: 3 });
    await lab.start();
    await lab.destroy(lab.members.slice(1));
    const commands = commandsOf(text).map((line) => line.replace(/^npx /, ''));
    expect(commands.length).toBeGreaterThan(2);
    for (const command of commands) {
      const line = command.replace('prod.yaml', lab.clusterFile).replace('/backup', lab.repo);
      // Nobody is asked here.
      const confirmed = /^holdfast restore (run|rollback)/.test(command) ? ['--confirm', 'lab'] : [];
      const words = [...line.split(/\s+/).slice(1), ...confirmed, '--state-dir', lab.stateDir];
      await expectDone(command, words);
    }
  });

  test.each(minors)(
    'the demo proves all that it tells on etcd %s, and leaves nothing',
    (minor) => {
      const env = { ...process.env, TMPDIR: folder, NO_COLOR: '1' };
      const demo = spawnSync(process.execPath, ['scripts/demo.ts', '--script', '--etcd', minor], {
        cwd: root,
        env,
        encoding: 'utf8',
      });
      expect({ status: demo.status, wrong: demo.stdout.includes('WRONG'), stderr: demo.stderr }).toEqual({
        status: 0,
        wrong: false,
        stderr: '',
      });
      expect(demo.stdout.match(/proven/g)!.length).toBeGreaterThan(8);
      expect(existsSync(join(folder, `holdfast-demo-${userInfo().username}`))).toBe(false);
    },
    demoMs,
  );
});

test.each(['README.md', 'docs/restore.md', 'docs/guides/inheriting-a-cluster.md'])(
  'every command and option that %s names is one',
  (path) => {
    const known = reference();
    const every = new Set(['--help', ...[...known.values()].flatMap((options) => [...options])]);
    const text = page(path);
    const code = [...text.replaceAll(/```.*?```/gs, '').matchAll(/`([^`]+)`/g)].map(([, inline]) => inline!);
    const named = [...commandsOf(text), ...code]
      .map((line) => line.replace(/^npx /, '').replaceAll(/\s+/g, ' '))
      .filter((line) => /^holdfast [a-z]|^(?:restore|drill|snapshot) [a-z]/.test(line))
      .map((line) => line.replace(/^holdfast /, ''));
    expect(named.length).toBeGreaterThan(10);
    const wrong = named.filter((line) => {
      const [noun = '', verb = '', more = ''] = line.split(' ');
      const options = known.get(`${noun} ${verb} ${more}`) ?? known.get(`${noun} ${verb}`) ?? known.get(noun);
      return !flagsOf(line).every((flag) => options?.has(flag)) || options === undefined;
    });
    const loose = code.filter((inline) => inline.startsWith('--')).flatMap(flagsOf);
    expect([...wrong, ...loose.filter((flag) => !every.has(flag))]).toEqual([]);
  },
);

test('every link between the pages leads somewhere', () => {
  const pages = spawnSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  const broken = pages.flatMap((path) =>
    [...page(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .filter(([, target]) => !existsSync(join(root, dirname(path), target!)))
      .map(([, target]) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});
