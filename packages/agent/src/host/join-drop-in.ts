import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { putWhole, remove, syncFolder } from '../on-disk.ts';
import { configFileOf } from './etcd-settings.ts';
import { notStarted, type Hosted } from './hosted.ts';
import { joinBesideFile, joinFlags, type Join } from './join-flags.ts';
import type { HostAccess } from './run-command.ts';
import { systemctl, unitProperties } from './systemctl.ts';

/**
 * Where systemd looks for what the administrator wants (systemd.unit(5)). Not below /run: an enabled unit that is started
 * by a boot in the middle of a restore would then found a cluster of its own in the empty folder.
 */
const units = '/etc/systemd/system';
/** Of all drop-ins the last by name is the one whose ExecStart counts: `systemctl edit` writes `override.conf`. */
const fileName = 'zzz-holdfast-join.conf';

/**
 * Lets a unit start etcd with the flags of a member that joins: a drop-in takes its ExecStart's place. The variables of
 * these flags go, because etcd refuses to start with a flag and its variable.
 * @throws Failure `etcd-not-started` where the flags would not reach etcd
 */
export async function placeJoin(
  access: HostAccess,
  hosted: Hosted,
  unit: string,
  told: Join,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = await systemctl(access, ['cat', unit], signal);
  const command = execStartOf(stdout);
  if (command === undefined)
    throw notStarted(hosted, `${unit} has not one ExecStart to which flags could be added`);
  if (/^[-@:+!]*\S*\b(?:ba|da|)sh\s+-\S*c\b/.test(command))
    throw notStarted(
      hosted,
      `${unit} starts etcd through a shell, so that flags cannot be added from outside`,
    );
  const file = configFileOf(command.split(/\s+/), {});
  if (file !== undefined) throw joinBesideFile(hosted, file);
  const flags = joinFlags(told);
  const folder = join(units, `${unit}.d`);
  const lines = [
    '[Service]',
    'UnsetEnvironment=ETCD_INITIAL_CLUSTER ETCD_INITIAL_CLUSTER_STATE',
    'ExecStart=',
    `ExecStart=${command} ${flags.map(quoted).join(' ')}`,
  ];
  await mkdir(folder, { recursive: true });
  await syncFolder(units);
  await putWhole(join(folder, fileName), `${lines.join('\n')}\n`, 0o644);
  await reload(access, hosted, signal);
  await proveTold(access, hosted, unit, flags, signal);
}

/** Another drop-in, of a later name or below another folder, may have the last word. */
async function proveTold(
  access: HostAccess,
  hosted: Hosted,
  unit: string,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const found = await unitProperties(access, unit, ['ExecStart'], signal);
  if ('unknown' in found) throw notStarted(hosted, found.unknown);
  const ending = `${unescaped(flags.join(' '))} ; `;
  if (unescaped(found.ExecStart).includes(ending)) return;
  const why = `${unit} would not be started with ${flags.join(' ')}: something comes after its drop-in ${fileName}`;
  throw notStarted(hosted, why);
}

/** Versions of systemd differ in how they print what had to be quoted. */
function unescaped(words: string): string {
  return words.replaceAll(/["'\\$]/g, '');
}

/** Takes the drop-in away again, where there is one. */
export async function removeJoin(
  access: HostAccess,
  hosted: Hosted,
  unit: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(units, `${unit}.d`);
  if (!(await remove(join(folder, fileName)))) return;
  // Others may keep drop-ins there.
  await rmdir(folder).catch(() => undefined);
  await reload(access, hosted, signal);
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

async function reload(access: HostAccess, hosted: Hosted, signal: AbortSignal): Promise<void> {
  const { status, complaint } = await systemctl(access, ['daemon-reload'], signal);
  if (status !== 0) throw notStarted(hosted, complaint);
}
