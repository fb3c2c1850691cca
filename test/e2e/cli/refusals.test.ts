import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdOrSkip, freePort, reservePort, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { holdfast } from '../product.ts';

/** Everything that a person can get wrong: the exit status, and three lines that say what, why and what next. */
describe.skipIf((await etcdOrSkip('3.5')).skip)('refusals', () => {
  let folder: string;
  let cluster: EtcdCluster;
  /** Words that stand for what is only known when the cluster runs. */
  let known: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-refusals-'));
    cluster = await startCluster({ version: '3.5', tls: true, auth: true });
    const file = async (name: string, content: string): Promise<string> => {
      const path = join(folder, name);
      await writeFile(path, content, { mode: 0o600 });
      return path;
    };
    const { cacert, cert, key, wrongCacert, wrongCert, wrongKey } = cluster.tls!;
    const port = await reservePort();
    freePort(port);
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other', 'letter'), 'dear diary');
    known = {
      E: cluster.endpoints[0]!,
      CA: cacert,
      CERT: cert,
      KEY: key,
      PW: cluster.auth!.passwordFile,
      WRONGCA: wrongCacert,
      WRONGCERT: wrongCert,
      WRONGKEY: wrongKey,
      WRONGPW: await file('wrong-pw', 'hunter2\n'),
      NOPEM: await file('no.pem', 'hunter2'),
      CLOSED: `https://127.0.0.1:${port}`,
      PLAIN: cluster.endpoints[0]!.replace('https', 'http'),
      REPO: join(folder, 'repository'),
      OTHER: join(folder, 'other'),
      NONE: join(folder, 'none'),
      JUNK: await file('junk.db', 'x'.repeat(4096)),
      EMPTY: await file('empty.db', ''),
      DIR: folder,
    };
    const saved = await run('snapshot save SOUND --repo REPO --name sound -q');
    expect(saved).toEqual({ status: 0, stdout: 'sound\n', stderr: '' });
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const sound = '--endpoints E --cacert CA --cert CERT --key KEY --user root --password-file PW';
  const member = '--name m --initial-cluster m=http://h:2380 --initial-advertise-peer-urls http://h:2380';

  async function run(line: string) {
    const words = line.replace('SOUND', sound).replace('MEMBER', member).split(' ');
    return holdfast(words.map((word) => known[word] ?? word));
  }

  test.each<[exit: number, code: string, line: string]>([
    [
      13,
      'etcd-unreachable',
      'snapshot save --endpoints CLOSED --cacert CA --cert CERT --key KEY --repo NONE',
    ],
    [13, 'etcd-tls', 'snapshot save --endpoints E --cacert WRONGCA --cert CERT --key KEY --repo NONE'],
    [13, 'etcd-tls', 'snapshot save --endpoints E --cacert CA --cert WRONGCERT --key WRONGKEY --repo NONE'],
    [13, 'etcd-tls', 'snapshot save --endpoints PLAIN --repo NONE'],
    [13, 'etcd-tls', 'snapshot save --endpoints E --repo NONE'],
    [
      13,
      'etcd-auth',
      'snapshot save --endpoints E --cacert CA --cert CERT --key KEY --user root --password-file WRONGPW --repo NONE',
    ],
    [
      13,
      'etcd-auth',
      'snapshot save --endpoints E --cacert CA --cert CERT --key KEY --user nobody --password-file WRONGPW --repo NONE',
    ],
    [2, 'usage', 'snapshot save --endpoints E --cacert CA --cert CERT --key KEY --user root --repo NONE'],
    [
      2,
      'usage',
      'snapshot save --endpoints E --cacert CA --cert CERT --key KEY --user root:hunter2 --repo NONE',
    ],
    [2, 'usage', 'snapshot save --endpoints E --cacert NOPEM --repo NONE'],
    [2, 'usage', 'snapshot save --endpoints E --cacert CA --cert CERT --repo NONE'],
    [2, 'usage', 'snapshot save --endpoints E --cacert CA --cert CERT --key WRONGKEY --repo NONE'],
    [1, 'file-unreadable', 'snapshot save --endpoints E --cacert NONE --repo NONE'],
    [
      1,
      'file-unreadable',
      'snapshot save --endpoints E --cacert CA --user root --password-file NONE --repo NONE',
    ],
    [2, 'usage', 'snapshot save --endpoints h --repo NONE'],
    [2, 'usage', 'snapshot save --repo NONE'],
    [2, 'usage', 'snapshot save SOUND'],
    [10, 'repository-foreign', 'snapshot save SOUND --repo OTHER'],
    [10, 'repository-foreign', 'snapshot save SOUND --repo JUNK'],
    [14, 'snapshot-name-taken', 'snapshot save SOUND --repo REPO --name sound'],
    [2, 'snapshot-name-invalid', 'snapshot save SOUND --repo REPO --name ../up'],
    [2, 'snapshot-name-invalid', 'snapshot save SOUND --repo REPO --name latest'],
    [10, 'repository-missing', 'snapshot list --repo NONE'],
    [10, 'repository-missing', 'status --repo NONE'],
    [1, 'cluster-missing', 'snapshot list --repo REPO --cluster none'],
    [1, 'snapshot-missing', 'snapshot show soun --repo REPO'],
    [1, 'snapshot-missing', 'snapshot verify none --repo REPO'],
    [1, 'snapshot-missing', 'snapshot pin none --repo REPO'],
    [1, 'snapshot-missing', 'snapshot unpin none --repo REPO'],
    [1, 'snapshot-missing', 'snapshot delete none --yes --repo REPO'],
    [1, 'snapshot-missing', 'snapshot export none --to NONE --repo REPO'],
    [14, 'file-exists', 'snapshot export sound --to JUNK --repo REPO'],
    [1, 'file-unwritable', 'snapshot export sound --to NONE/none/file --repo REPO'],
    [20, 'not-confirmed', 'snapshot delete sound --force-last --repo REPO'],
    [14, 'snapshot-last-verified', 'snapshot delete sound --yes --repo REPO'],
    [2, 'usage', 'restore datadir --data-dir NONE MEMBER'],
    [1, 'snapshot-missing', 'restore datadir --snapshot none --repo REPO --data-dir NONE MEMBER'],
    [1, 'file-unreadable', 'restore datadir --file NONE --data-dir NONE MEMBER'],
    [4, 'not-a-snapshot', 'restore datadir --file JUNK --data-dir NONE MEMBER'],
    [4, 'not-a-snapshot', 'restore datadir --file EMPTY --data-dir NONE MEMBER'],
    [14, 'data-dir-exists', 'restore datadir --snapshot sound --repo REPO --data-dir DIR MEMBER'],
    [
      2,
      'restore-plan-invalid',
      'restore datadir --snapshot sound --repo REPO --data-dir NONE MEMBER --name x',
    ],
    [2, 'restore-plan-invalid', 'snapshot restore JUNK --data-dir NONE --initial-cluster nonsense'],
    [4, 'not-a-snapshot', 'snapshot restore JUNK --data-dir NONE'],
    [1, 'file-unreadable', 'snapshot restore NONE --data-dir NONE'],
    [1, 'file-unreadable', 'status --repo REPO --config NONE'],
    [78, 'config-invalid', 'status --repo REPO --config NOPEM'],
    [2, 'usage', 'completion powershell'],
    [2, 'usage', 'snapshot lst'],
  ])('exit %i, %s: %s', async (exit, code, line) => {
    const [{ status, stdout, stderr }, machine] = await Promise.all([run(line), run(`${line} -o json`)]);
    expect({ status, stdout, code: /errors\.md#([\w-]+)\)\n$/.exec(stderr)?.[1] }).toEqual({
      status: exit,
      stdout: '',
      code,
    });
    const said = stderr.slice(stderr.indexOf('error: '));
    expect(said).toMatch(/^error: .+\n {2}why: {2}.+\n {2}next: .+\n$/);
    expect(stderr).not.toContain('hunter2');
    const { code: named, exitCode } = JSON.parse(machine.stderr.slice(machine.stderr.indexOf('{'))) as Record<
      string,
      unknown
    >;
    expect([machine.status, named, exitCode]).toEqual([exit, code, exit]);
    expect(await readdir(folder)).not.toContain('none');
  });

  test('a repository that this user may not write to', async (context) => {
    if (process.getuid?.() === 0) context.skip('root may write everywhere');
    const path = join(folder, 'repository');
    await chmod(path, 0o500);
    try {
      const { status, stderr } = await run('snapshot save SOUND --repo REPO');
      expect([status, stderr.includes('file-unwritable')]).toEqual([1, true]);
      expect((await run('snapshot show sound --repo REPO -q')).stdout).toBe('sound\n');
    } finally {
      await chmod(path, 0o700);
    }
  });
});
