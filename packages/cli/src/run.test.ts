import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { holdfast, stillClock } from './testing/io.ts';
import { makeTestRepository, type TestRepository } from './testing/repository.ts';

let folder: string;
let cli: TestRepository['cli'];

beforeEach(async () => {
  ({ folder, cli } = await makeTestRepository());
});
afterEach(() => rm(folder, { recursive: true }));

describe('help', () => {
  test('the program without a word shows its help and succeeds', async () => {
    const { exit, stdout, stderr } = await holdfast([]);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "Brings a Kubernetes cluster's etcd back: snapshots that are proven restorable, and restores that
      cannot make things worse.

      Examples:
        # Save a cluster
        holdfast snapshot save --endpoints https://10.0.0.1:2379 --repo /backup \\
            --cacert ca.crt --cert client.crt --key client.key
        # Can I get back, and to when?
        holdfast status --repo /backup
        # The cluster is down: what can be done?
        holdfast restore plan --cluster-file prod.yaml --repo /backup
        # Build a member from the newest snapshot
        holdfast restore datadir --snapshot latest --repo /backup --data-dir /var/lib/etcd \\
            --name m1 --initial-cluster m1=https://10.0.0.1:2380 \\
            --initial-advertise-peer-urls https://10.0.0.1:2380

      Usage:
        holdfast <command> [options]

      Options:
        -o, --output <format>    form of the answer: table, wide, json, yaml or name (HOLDFAST_OUTPUT)
        --json                   the same as --output json
        -q, --quiet              print only the answer, and only its names unless --output says otherwise
        -v, --verbose            say on stderr where each setting came from
        --debug                  add stacks to failures
        --no-color               no colours (as with NO_COLOR)
        --utc                    print times in UTC instead of the local zone (HOLDFAST_UTC)
        --config <file>          configuration file instead of the one in the home folder
                                 (HOLDFAST_CONFIG)
        -h, --help               show this help

      Backup:
        snapshot                 Save, prove and keep snapshots of etcd.
        policy                   When snapshots are made, where they go, and how long they are kept.
        status                   Can I get back, and to when? One line per cluster of the repositories.
        agent                    Carry out the policies of this machine, by themselves.
        drill                    Try restores with a throw-away etcd, and measure the time to recover.
        queue                    Copies of snapshots that wait until their repository can be written to.
        repo                     Make a repository, find out whether it works, and say who can read it.
        adopt <place>            Look at what other systems left in a folder or a bucket, and bring it in.

      Restore:
        restore                  Bring a cluster back: from what survives, or from a snapshot.

      Server:
        server                   Run the control plane of many clusters, which agents and people reach
                                 over one port.
        login                    Log in at a server: what is done over it is then done as this user.
        logout                   End the login at a server, and forget its token here.
        cluster                  The clusters of a server, and how their nodes join.
        operation                What is done to the clusters of a server, and was.
        alert                    What a server finds wrong with its clusters.
        user                     The people of a server, and what each may do.
        token                    Your own tokens at a server, for scripts.
        audit                    Who did what over a server.

      Help:
        doctor                   Find out why a save or a restore would fail, and how ready a cluster is
                                 to be recovered.
        config                   Show the configuration.
        completion <shell>       Print the script that lets a shell complete commands, options and
                                 snapshot names.
        version                  Show the version of Holdfast and of what it runs on.
        help [command...]        Show the help of a command.
      "
    `);
  });

  test('a command shows its examples first', async () => {
    const { exit, stdout } = await holdfast(['snapshot', 'delete', '--help']);
    expect(exit).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Delete a snapshot. Pinned ones and the newest verified one of a cluster are refused.

      Examples:
        # With a question
        holdfast snapshot delete test-1 --repo /backup
        # In a script
        holdfast snapshot delete test-1 --repo /backup --yes

      Usage:
        holdfast snapshot delete <snapshot> [options]

      Arguments:
        snapshot                      its exact name

      Options:
        --yes                         do not ask; for scripts
        --dry-run                     say what would go, and do nothing
        --force-last                  even the newest verified one, after which nothing proven is left
        --repo <repo>                 the repository: a folder, s3://bucket/folder, or a name of the
                                      configuration file (HOLDFAST_REPO)
        --cluster <name>              name of the cluster in the repository, or of the server; needed
                                      where there are several (HOLDFAST_CLUSTER)
        -h, --help                    show this help

      S3:
        --s3-endpoint <url>           host, host:port or URL of the server; AWS itself if not set
                                      (HOLDFAST_S3_ENDPOINT)
        --s3-region <region>          region of the bucket (HOLDFAST_S3_REGION)
        --s3-style <style>            where the bucket is named: path, virtual-host or auto (path with an
                                      endpoint of its own) (HOLDFAST_S3_STYLE)
        --s3-ca <file>                CA certificates that the server is trusted by, beside the usual ones
                                      (PEM) (HOLDFAST_S3_CA)
        --s3-skip-verify              trust whoever answers; for tests only (HOLDFAST_S3_SKIP_VERIFY)
        --s3-proxy <url>              URL of the proxy, or none; if not set, HTTPS_PROXY, HTTP_PROXY and
                                      NO_PROXY count (HOLDFAST_S3_PROXY)
        --s3-credentials-file <file>  file that holds the access key and the secret key; if not set, AWS's
                                      variables, files and services are asked
                                      (HOLDFAST_S3_CREDENTIALS_FILE)
        --s3-role <arn>               ARN of a role that is assumed with the credentials
                                      (HOLDFAST_S3_ROLE)
        --s3-storage-class <class>    storage class of what is written, as the server calls it
                                      (HOLDFAST_S3_STORAGE_CLASS)
        --s3-encryption <kind>        encryption by the server: s3, kms, kms:KEYID or customer:FILE (a key
                                      of 32 bytes) (HOLDFAST_S3_ENCRYPTION)
        --s3-lock <lock>              object lock of what is written: governance:30d, compliance:30d, or
                                      until a date instead of the days (HOLDFAST_S3_LOCK)

      Keys:
        --identity-file <file>        secret keys that open sealed snapshots, as age-keygen writes them
                                      (HOLDFAST_IDENTITY_FILE)
        --passphrase-file <file>      file that holds the passphrase of the repository's secret key
                                      (HOLDFAST_PASSPHRASE_FILE)
        --signing-key <file>          private key that signs what is written (Ed25519, PKCS#8, PEM)
                                      (HOLDFAST_SIGNING_KEY)
        --trusted-keys <file>         public keys whose signatures count, whatever the repository says
                                      (PEM or ssh-ed25519) (HOLDFAST_TRUSTED_KEYS)
        --require <which>             signed: nothing unsigned is taken; any: it is; if not set, as the
                                      repository says (HOLDFAST_REQUIRE)

      Server:
        --server <url>                do it over this server, as https://holdfast.example:9443; none: on
                                      this machine (HOLDFAST_SERVER)
        --server-token-file <file>    file that holds a token of the server, in place of what \`holdfast
                                      login\` keeps (HOLDFAST_TOKEN_FILE)
        --server-ca <file>            CA certificate that the server is trusted by (PEM)
                                      (HOLDFAST_SERVER_CA)
        --server-ca-sha256 <hex>      SHA-256 of the CA that the server itself names, in place of
                                      --server-ca (HOLDFAST_SERVER_CA_SHA256)
        --reason <text>               why, for the audit log of the server

      Global options:
        -o, --output <format>         form of the answer: table, wide, json, yaml or name
                                      (HOLDFAST_OUTPUT)
        --json                        the same as --output json
        -q, --quiet                   print only the answer, and only its names unless --output says
                                      otherwise
        -v, --verbose                 say on stderr where each setting came from
        --debug                       add stacks to failures
        --no-color                    no colours (as with NO_COLOR)
        --utc                         print times in UTC instead of the local zone (HOLDFAST_UTC)
        --config <file>               configuration file instead of the one in the home folder
                                      (HOLDFAST_CONFIG)
      "
    `);
  });

  test('help of a command is that of its --help', async () => {
    const { exit, stdout } = await holdfast(['help', 'snapshot', 'delete']);
    expect([exit, stdout]).toEqual([0, (await holdfast(['snapshot', 'delete', '--help'])).stdout]);
    expect((await holdfast(['help'])).stdout).toBe((await holdfast([])).stdout);
  });

  test('--help wins over what is wrong with the rest', async () => {
    expect((await holdfast(['snapshot', 'show', '--help'])).exit).toBe(0);
  });
});

describe('a wrong command line', () => {
  test.each([
    ['snapshot', '`holdfast snapshot` needs one of: save, list, show'],
    ['snapshott', "unknown command 'snapshott' (did you mean snapshot?)"],
    ['snapshot lst', "unknown command 'lst' (did you mean list?)"],
    ['snapshot list --ouput json', "unknown option '--ouput' (did you mean --output?)"],
    ['snapshot show', "missing required argument 'snapshot'"],
    ['snapshot show a b', 'too many arguments'],
    ['snapshot list -o jsn', 'Allowed choices are table, wide, json, yaml, name.'],
    ['snapshot export a', "required option '--to <path>' not specified"],
    [
      'restore datadir --snapshot a --file b --data-dir d --name m --initial-cluster c --initial-advertise-peer-urls u',
      '--snapshot <snapshot>',
    ],
    ['snapshot restore f --bump-revision -1', 'It must be a whole number from 0 on.'],
    ['snapshot list --repo ', '--repo must not be empty'],
    ['snapshot list --config ', '--config must not be empty'],
    ['snapshot show ', '<snapshot> must not be empty'],
    ['snapshot export a --to ', '--to must not be empty'],
    [
      'restore datadir --file f --data-dir  --name m --initial-cluster c --initial-advertise-peer-urls u',
      '--data-dir must not be empty',
    ],
    ['help snapshott', 'there is no command `holdfast snapshott`'],
    ['help snapshot lst', 'there is no command `holdfast snapshot lst`'],
  ])('%s', async (args, why) => {
    const { exit, stdout, stderr } = await cli(args);
    expect([exit, stdout]).toEqual([2, '']);
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain(why);
    expect(lines[2]).toContain('(docs/reference/errors.md#usage)');
  });

  test('under -o json the failure is one object on stderr', async () => {
    const { exit, stderr } = await cli('snapshot list --bogus -o json');
    expect(JSON.parse(stderr)).toEqual({
      code: 'usage',
      message: 'the command line is not valid',
      why: "unknown option '--bogus'",
      hint: 'Run the same command with --help.',
      details: {},
      exitCode: exit,
    });
  });

  test('a setting that is missing names every way to give it', async () => {
    const { exit, stderr } = await holdfast(['snapshot', 'list']);
    expect(exit).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "error: the command line is not valid
        why:  --repo is missing (or HOLDFAST_REPO, or \`repository:\` in the configuration file)
        next: Run the same command with --help. (docs/reference/errors.md#usage)
      "
    `);
  });
});

describe('secrets', () => {
  test.each([
    'snapshot save --endpoints http://h:1 --user root:hunter2',
    'snapshot save --endpoints http://h:1 --user=root:hunter2',
    'snapshot save --password hunter2',
    'snapshot save --password=hunter2',
    'snapshot save --user root --passwordfile=hunter2',
    'snapshot save --endpoints http://root:hunter2@h:1',
    'doctor --endpoints http://root:hunter2@h:1 --debug',
    'doctor --endpoints http://root:hunter2@h:1 --verbose -o json',
  ])('%s is refused and not repeated', async (args) => {
    const { exit, stdout, stderr } = await cli(args);
    expect(exit).toBeGreaterThan(0);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('config view tells that there is one, and no more', async () => {
    const env = {
      HOLDFAST_USER: 'root',
      HOLDFAST_PASSWORD: 'hunter2',
      HOLDFAST_ENDPOINTS: 'http://root:hunter2@h:1',
    };
    for (const form of ['table', 'json', 'yaml', 'name']) {
      const { exit, stdout } = await holdfast(['config', 'view', '--origin', '-o', form], { env });
      expect([exit, stdout.includes('hunter2'), stdout.includes('password')]).toEqual([0, false, true]);
    }
  });
});

test('config view --origin says where each value came from', async () => {
  const env = { HOLDFAST_REPO: '/backup', ETCDCTL_ENDPOINTS: 'a:1,b:2' };
  const { stdout } = await holdfast(['config', 'view', '--origin', '--utc'], { env });
  expect(stdout).toMatchInlineSnapshot(`
    "SETTING             VALUE                                    ORIGIN
    repo                /backup                                  HOLDFAST_REPO
    cluster             -                                        not set
    endpoints           a:1,b:2                                  ETCDCTL_ENDPOINTS
    cacert              -                                        not set
    cert                -                                        not set
    key                 -                                        not set
    user                -                                        not set
    passwordFile        -                                        not set
    password            -                                        not set
    etcdProgram         etcd                                     default
    stateDir            /nobody/.local/state/holdfast            default
    policyFile          /nobody/.config/holdfast/policies.yaml   default
    s3Endpoint          -                                        not set
    s3Region            -                                        not set
    s3Style             -                                        not set
    s3Ca                -                                        not set
    s3SkipVerify        -                                        not set
    s3Proxy             -                                        not set
    s3CredentialsFile   -                                        not set
    s3Role              -                                        not set
    s3StorageClass      -                                        not set
    s3Encryption        -                                        not set
    s3Lock              -                                        not set
    identityFile        -                                        not set
    passphraseFile      -                                        not set
    passphrase          -                                        not set
    signingKey          -                                        not set
    trustedKeys         -                                        not set
    require             -                                        not set
    server              -                                        not set
    serverTokenFile     -                                        not set
    serverToken         -                                        not set
    serverCa            -                                        not set
    serverCaSha256      -                                        not set
    output              table                                    default
    utc                 true                                     --utc
    "
  `);
});

test('a repository that is missing, or something else, is told apart', async () => {
  expect((await cli('snapshot list --repo /nowhere/at/all')).exit).toBe(10);
  await writeFile(join(folder, 'x'), '');
  await rm(join(folder, 'holdfast-repository.json'));
  expect((await cli('snapshot list -o json')).stderr).toContain('repository-foreign');
});

test('after a signal its status counts, whatever broke off', async () => {
  const stop = new AbortController();
  stop.abort(new Failure('terminated', 'SIGTERM was received'));
  const { exit, stderr } = await cli('snapshot show nothing', { signal: stop.signal });
  expect([exit, stderr.split('\n')[0]]).toEqual([143, 'error: terminated']);
});

test('a bug is told as one, with its stack only under --debug', async () => {
  const clock = {
    ...stillClock,
    now: () => {
      throw new TypeError('a bug');
    },
  };
  const quiet = await cli('snapshot list', { clock });
  expect(quiet).toMatchObject({
    exit: 1,
    stderr: expect.stringMatching(
      /^error: Holdfast failed .*\n {2}why: {2}TypeError: a bug\n.*internal\)\n$/,
    ),
  });
  expect((await cli('snapshot list --debug', { clock })).stderr).toContain('run.test.ts');
});

test('version has what a bug report needs', async () => {
  const { exit, stdout } = await holdfast(['version', '-o', 'json']);
  expect(exit).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    apiVersion: 'holdfast.dev/v1',
    kind: 'Version',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    form: 'sources',
    node: process.versions.node,
    openssl: process.versions.openssl,
    formats: { reads: ['holdfast.dev/v1'], writes: 'holdfast.dev/v1' },
  });
  expect((await holdfast(['version', '-q'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
