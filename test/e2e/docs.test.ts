import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast } from './product.ts';

const root = join(import.meta.dirname, '../..');
const page = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The commands of a page's console blocks, without comments and with continued lines joined. */
function commandsOf(text: string): string[] {
  return [...text.matchAll(/```console\n(.*?)```/gs)]
    .flatMap((match) => match[1]!.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

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
    ];
    const use = page('README.md')
      .split('\n## ')
      .find((each) => each.startsWith('Use\n'))!;
    const commands = commandsOf(use).filter((line) => line.startsWith('npx holdfast '));
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const line = here.reduce((text, [from, to]) => text.replace(from, to), command);
      const { status, stderr } = await holdfast(line.split(/\s+/).slice(2));
      expect({ command, status, stderr: status === 0 ? '' : stderr }).toEqual({
        command,
        status: 0,
        stderr: '',
      });
    }
    expect(existsSync(join(folder, 'data/member/snap/db'))).toBe(true);
  });

  test.each(minors)('the demo proves all that it tells on etcd %s, and leaves nothing', (minor) => {
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
    expect(demo.stdout.match(/proven/g)!.length).toBeGreaterThan(3);
    expect(existsSync(join(folder, `holdfast-demo-${userInfo().username}`))).toBe(false);
  });
});

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
