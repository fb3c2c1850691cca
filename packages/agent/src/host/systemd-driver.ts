import { basename } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { lastWords, tailOf } from '@holdfast/etcd/server-log';
import type { MemberDescription } from '@holdfast/model';
import type { HostDriver, HostState } from './driver.ts';
import { placeJoin, removeJoin } from './join-drop-in.ts';
import { firstMomentsMs, lookAgainMs, stopGraceMs } from './patience.ts';
import { journal, systemctl, unitProperties, type HostAccess } from './systemctl.ts';

const asked = [
  'LoadState',
  'ActiveState',
  'SubState',
  'MainPID',
  'Result',
  'ExecMainStatus',
  'NRestarts',
] as const;
type Unit = { readonly [name in (typeof asked)[number]]: string };

/** Has systemd run etcd, as the member's unit says. */
export function systemdDriver(
  member: MemberDescription,
  unit: string,
  clock: Clock,
  access: HostAccess,
): HostDriver {
  const logTail = async (): Promise<string> => tailOf(await journal(access, unit, 200));
  const look = async (signal?: AbortSignal): Promise<Unit> => {
    const found = await unitProperties(access, unit, asked, signal);
    if ('unknown' in found)
      throw new Failure('node-failed', found.unknown, { member: member.name, step: 'systemctl show' });
    return found;
  };

  return {
    state: async (signal) => stateOf(unit, await look(signal)),
    async stop(signal) {
      const from = clock.monotonic();
      let killed = false;
      let { running, detail } = stateOf(unit, await look());
      if (!running) return;
      await told(access, ['stop', '--no-block', unit], 'etcd-not-stopped', member, signal);
      while (running) {
        if (signal.aborted) throw new Failure('etcd-not-stopped', detail, { member: member.name });
        if (!killed && clock.monotonic() - from > stopGraceMs) {
          killed = true;
          await systemctl(access, ['kill', '--signal=SIGKILL', unit], signal);
        }
        await clock.sleep(lookAgainMs, signal).catch(() => undefined);
        ({ running, detail } = stateOf(unit, await look()));
      }
    },
    async start({ join }, signal) {
      if (stateOf(unit, await look(signal)).running) return;
      if (join === undefined) await removeJoin(access, member, unit, signal);
      else await placeJoin(access, member, unit, join.initialCluster, signal);
      // One that died too often is not started again before this.
      await systemctl(access, ['reset-failed', unit], signal);
      // Not to its end: a member says that it is ready when there is a quorum, for which others may have to start first.
      await told(access, ['start', '--no-block', unit], 'etcd-not-started', member, signal);
      const until = clock.monotonic() + firstMomentsMs;
      let now = await look(signal);
      while (clock.monotonic() < until && !hasDied(now)) {
        await clock.sleep(lookAgainMs, signal);
        now = await look(signal);
      }
      if (hasDied(now) || !stateOf(unit, now).running)
        throw new Failure('etcd-not-started', `${stateOf(unit, now).detail}: ${lastWords(await logTail())}`, {
          member: member.name,
          log: `journalctl --unit ${unit}`,
        });
    },
    program: () => programOf(access, unit),
    logTail,
  };
}

function stateOf(unit: string, found: Unit): HostState {
  const { LoadState, ActiveState, SubState, MainPID, Result, ExecMainStatus } = found;
  if (LoadState === 'not-found') return { running: false, detail: `systemd knows no unit ${unit}` };
  const running = ActiveState !== 'inactive' && ActiveState !== 'failed';
  const state = `${unit} is ${ActiveState} (${SubState})`;
  const detail = Result === 'success' ? state : `${state}: ${Result}, exit status ${ExecMainStatus}`;
  return { running, ...(MainPID !== '0' && { pid: Number(MainPID) }), detail };
}

/** Whether it ended since it was started, be it that systemd will try again. */
function hasDied({ ActiveState, SubState, NRestarts }: Unit): boolean {
  return ActiveState === 'failed' || SubState.startsWith('auto-restart') || Number(NRestarts) > 0;
}

async function told(
  access: HostAccess,
  args: readonly string[],
  code: 'etcd-not-stopped' | 'etcd-not-started',
  member: MemberDescription,
  signal: AbortSignal,
): Promise<void> {
  const { status, complaint } = await systemctl(access, args, signal);
  if (status !== 0) throw new Failure(code, complaint, { member: member.name });
}

/** As systemd prints ExecStart: `{ path=/usr/bin/etcd ; argv[]=/usr/bin/etcd --name=… ; … }`. */
async function programOf(access: HostAccess, unit: string): Promise<string | undefined> {
  const found = await unitProperties(access, unit, ['ExecStart']);
  if ('unknown' in found) return undefined;
  const [, path = '', argv = ''] = /path=(.*?) ; argv\[\]=(.*?) ; /.exec(found.ExecStart) ?? [];
  const etcd = [path, ...argv.split(' ')].find((word) => word.startsWith('/') && basename(word) === 'etcd');
  return etcd ?? (path === '' ? undefined : path);
}
