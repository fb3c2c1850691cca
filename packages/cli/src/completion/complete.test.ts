import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planHash } from '@holdfast/engine';
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
    'status',
    'drill',
    'restore',
    'doctor',
    'config',
    'completion',
    'version',
    'help',
    ':',
  ]);
  expect(await words('snapshot', 'p')).toEqual(['pin', ':']);
  expect(await words('snapshot', 'un')).toEqual(['unpin', ':']);
});

test('options of the command and of every command, but none twice', async () => {
  const found = await words('snapshot', 'delete', 'x', '--');
  expect(found.join(' ')).toBe(
    '--yes --dry-run --force-last --repo --cluster --output --json --quiet --verbose --debug --no-color --utc --config :',
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
