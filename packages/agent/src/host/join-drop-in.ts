import { mkdir, open, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';
import { configFileOf } from './etcd-settings.ts';
import { joinBesideFile, joinFlags } from './join-flags.ts';
import { systemctl, type HostAccess } from './systemctl.ts';

/** Where systemd looks for what holds until the machine is started anew (systemd.unit(5)). */
const runtimeUnits = '/run/systemd/system';
const fileName = '50-holdfast-join.conf';

/**
 * Lets a unit start etcd with the flags of a member that joins: a drop-in takes its ExecStart's place. The variables of
 * these flags go, because etcd refuses to start with a flag and its variable.
 * @throws Failure `etcd-not-started` where the flags would not reach etcd
 */
export async function placeJoin(
  access: HostAccess,
  member: MemberDescription,
  unit: string,
  initialCluster: string,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = await systemctl(access, ['cat', unit], signal);
  const command = execStartOf(stdout);
  const refuse = (why: string): Failure => new Failure('etcd-not-started', why, { member: member.name });
  if (command === undefined) throw refuse(`${unit} has not one ExecStart to which flags could be added`);
  if (/^[-@:+!]*\S*\b(?:ba|da|)sh\s+-\S*c\b/.test(command))
    throw refuse(`${unit} starts etcd through a shell, so that flags cannot be added from outside`);
  const file = configFileOf(command.split(/\s+/), {});
  if (file !== undefined) throw joinBesideFile(member, file);
  const flags = joinFlags({ initialCluster }).map(quoted).join(' ');
  const folder = join(runtimeUnits, `${unit}.d`);
  await mkdir(folder, { recursive: true });
  const lines = [
    '[Service]',
    'UnsetEnvironment=ETCD_INITIAL_CLUSTER ETCD_INITIAL_CLUSTER_STATE',
    'ExecStart=',
    `ExecStart=${command} ${flags}`,
  ];
  await writeWhole(join(folder, fileName), `${lines.join('\n')}\n`);
  await reload(access, member, signal);
}

/** Takes the drop-in away again, where there is one. */
export async function removeJoin(
  access: HostAccess,
  member: MemberDescription,
  unit: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(runtimeUnits, `${unit}.d`);
  const there = await rm(join(folder, fileName)).then(
    () => true,
    () => false,
  );
  if (!there) return;
  // Others may keep drop-ins there.
  await rmdir(folder).catch(() => undefined);
  await reload(access, member, signal);
}

/**
 * The command of a service as its files have it: of all lines the last, after the last empty one, with the lines that go
 * on after a backslash. Undefined where there is none, or several.
 * @param files what `systemctl cat` prints; our own drop-in in it does not count
 */
export function execStartOf(files: string): string | undefined {
  let commands: string[] = [];
  let own = false;
  let section = '';
  for (const line of files.replaceAll(/\\\n\s*/g, ' ').split('\n')) {
    if (line.startsWith('# /')) own = line.endsWith(`/${fileName}`);
    section = /^\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    const [, command] = /^\s*ExecStart\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (own || section !== 'Service' || command === undefined) continue;
    commands = command === '' ? [] : [...commands, command];
  }
  return commands.length === 1 ? commands[0] : undefined;
}

/** One word as ExecStart takes it: `%` begins a specifier there, `$` a variable. */
function quoted(word: string): string {
  const plain = word.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return `"${plain}"`;
}

async function reload(access: HostAccess, member: MemberDescription, signal: AbortSignal): Promise<void> {
  const { status, complaint } = await systemctl(access, ['daemon-reload'], signal);
  if (status !== 0) throw new Failure('etcd-not-started', complaint, { member: member.name });
}

async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.part`;
  const file = await open(unfinished, 'w', 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}
