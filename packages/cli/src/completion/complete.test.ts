import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { CopyQueue, planHash } from '@holdfast/engine';
import { openRepository } from '@holdfast/repository';
import { expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { buildProgram } from '../program.ts';
import { fixedPlan } from '../testing/plan.ts';
import { complete } from './complete.ts';
import { scripts, type Shell } from './scripts.ts';

async function words(...line: string[]): Promise<string[]> {
  const answer = await complete(buildProgram(quietIo), line);
  return answer
    .trimEnd()
    .split('\n')
    .map((each) => each.split('\t')[0]!);
}

test('nouns, then verbs', async () => {
  expect(await words('')).toEqual([
    'snapshot',
    'policy',
    'status',
    'agent',
    'drill',
    'queue',
    'repo',
    'adopt',
    'restore',
    'server',
    'login',
    'logout',
    'cluster',
    'operation',
    'alert',
    'user',
    'token',
    'audit',
    'doctor',
    'config',
    'completion',
    'version',
    'help',
    ':',
  ]);
  expect(await words('snapshot', 'p')).toEqual(['pin', 'prune', ':']);
  expect(await words('snapshot', 'un')).toEqual(['unpin', ':']);
});

test('options of the command and of every command, but none twice', async () => {
  const found = await words('snapshot', 'delete', 'x', '--');
  expect(found.join(' ')).toBe(
    '--yes --dry-run --force-last --repo --cluster --s3-endpoint --s3-region --s3-style --s3-ca --s3-skip-verify --s3-proxy --s3-credentials-file --s3-role --s3-storage-class --s3-encryption --s3-lock --identity-file --passphrase-file --signing-key --trusted-keys --require --server --server-token-file --server-ca --server-ca-sha256 --reason --output --json --quiet --verbose --debug --no-color --utc --config :',
  );
  expect(await words('snapshot', 'delete', '--yes', '--y')).toEqual([':']);
});

test('values: choices, files and folders', async () => {
  expect(await words('status', '-o', 'j')).toEqual(['json', ':']);
  expect(await words('completion', '')).toEqual(['bash', 'zsh', 'fish', ':']);
  expect(await words('doctor', '--cacert', '')).toEqual([':files']);
  expect(await words('snapshot', 'list', '--repo', '')).toEqual([':dirs']);
  expect(await words('snapshot', 'restore', '')).toEqual([':files']);
});

test('configured repositories beside the folders, and their snapshots', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-complete-'));
  try {
    const config = join(folder, 'config.yaml');
    writeFileSync(config, 'repositories:\n  near: { path: r }\n  far: { s3: { bucket: b, folder: x/y } }\n');
    const answer = await complete(buildProgram(quietIo), ['status', '--config', config, '--repo', '']);
    expect(answer).toBe(`near\t${join(folder, 'r')}\nfar\ts3://b/x/y\n:dirs\n`);
    expect(await words('status', '--config', config, '--repo', 'n')).toEqual(['near', ':dirs']);
    await openRepository(join(folder, 'r'), { create: true });
    expect(await words('snapshot', 'show', '--config', config, '--repo', 'near', '')).toEqual([':']);
    // No prompt waits for a server.
    expect(await words('snapshot', 'show', '--config', config, '--repo', 'far', '')).toEqual([':']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('bash offers names and folders at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-complete-'));
  try {
    mkdirSync(join(folder, 'offline'));
    const fake = String.raw`
    holdfast() { printf 'offsite\ts3://b\n:dirs\n'; }
    compopt() { :; }
    COMP_LINE='holdfast status --repo off'; COMP_POINT=\${#COMP_LINE}
    _holdfast; printf '%s\n' "\${COMPREPLY[@]}"`.replaceAll('\\$', '$');
    const found = spawnSync('bash', ['-c', `${scripts.bash}\n${fake}`], { encoding: 'utf8', cwd: folder });
    expect(found.stdout).toBe('offline\noffsite\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('restores, by what the state folder holds', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-complete-'));
  try {
    const plan = fixedPlan();
    const folder = join(stateDir, 'restores', plan.id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'plan.json'), JSON.stringify({ ...plan, hash: planHash(plan) }));
    for (const verb of ['status', 'resume', 'abort', 'rollback', 'release'])
      expect(await words('restore', verb, '--state-dir', stateDir, '')).toEqual([plan.id, ':']);
    writeFileSync(join(folder, 'plan.json'), '{');
    expect(await words('restore', 'status', '--state-dir', stateDir, '')).toEqual([':']);
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

test('copies that wait, by their ids', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'holdfast-complete-'));
  try {
    const uuid = '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001';
    const from = [{ repository: 'here', id: uuid, cluster: uuid, snapshot: 'one' }];
    const to = { to: 'there', toId: null, toAt: null };
    const queue = new CopyQueue(stateDir, { clock: systemClock, random: () => 0 });
    const order = { save: uuid, cluster: 'prod', snapshot: 'one', from, ...to, required: true, drop: [] };
    const { item } = await queue.add(order);
    for (const verb of ['run', 'drop'])
      expect(await words('queue', verb, '--state-dir', stateDir, '')).toEqual([item.id, ':']);
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

test('nothing where nothing can be known, and never an error', async () => {
  expect(await words('snapshot', 'show', '')).toEqual([':']);
  expect(await words('snapshot', 'show', '--repo', '/nowhere', '')).toEqual([':']);
  expect(await words('snapshot', 'show', 'one', '')).toEqual([':']);
  expect(await words('no-such', 'thing', '')).toEqual([...(await words('')).slice(0, -1), ':']);
});

test.each(['bash', 'zsh', 'fish'] as const)('%s can read its script', (shell: Shell) => {
  const probe = spawnSync(shell, ['--version']);
  if (probe.error !== undefined) return;
  execFileSync(shell, ['-n'], { input: scripts[shell] });
});

test('bash completes as it would at the prompt, names with colons too', () => {
  const fake = String.raw`
    holdfast() { printf '%s\n' "$@" >&2; printf 'a:1\tone\na:2\ttwo\n:\n'; }
    compopt() { :; }
    COMP_LINE='holdfast snapshot show a:'; COMP_POINT=\${#COMP_LINE}
    _holdfast; printf '%s\n' "\${COMPREPLY[@]}"`.replaceAll('\\$', '$');
  const found = spawnSync('bash', ['-c', `${scripts.bash}\n${fake}`], { encoding: 'utf8' });
  expect(found.stdout).toBe('1\n2\n');
});
