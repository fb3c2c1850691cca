import { basename } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { lastWords, tailOf } from '@holdfast/etcd/server-log';
import type { HostDriver, HostState } from './driver.ts';
import { notStarted, notStopped, type Hosted } from './hosted.ts';
import { firstMomentsMs, lookAgainMs, stopGraceMs } from './patience.ts';
import type { HostAccess } from './run-command.ts';
import { journal, systemctl, unitProperties } from './systemctl.ts';

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

/** Has systemd run it, as its unit says. */
export function systemdDriver(hosted: Hosted, unit: string, clock: Clock, access: HostAccess): HostDriver {
  const logTail = async (): Promise<string> => tailOf(await journal(access, unit, 200));
  const look = async (signal?: AbortSignal): Promise<Unit> => {
    const found = await unitProperties(access, unit, asked, signal);
    if ('unknown' in found)
      throw new Failure('node-failed', found.unknown, { member: hosted.name, step: 'systemctl show' });
    return found;
  };

  return {
    state: async (signal) => stateOf(unit, await look(signal)),
    async stop(signal) {
      const from = clock.monotonic();
      let killed = false;
      let { running, detail } = stateOf(unit, await look());
      if (!running) return false;
      const { status, complaint } = await systemctl(access, ['stop', '--no-block', unit], signal);
      if (status !== 0) throw notStopped(hosted, complaint);
      while (running) {
        if (signal.aborted) throw notStopped(hosted, detail);
        if (!killed && clock.monotonic() - from > stopGraceMs) {
          killed = true;
          await systemctl(access, ['kill', '--signal=SIGKILL', unit], signal);
        }
        await clock.sleep(lookAgainMs, signal).catch(() => undefined);
        ({ running, detail } = stateOf(unit, await look()));
      }
      return true;
    },
    async start(signal) {
      if (stateOf(unit, await look(signal)).running) return;
      // One that died too often is not started again before this.
      await systemctl(access, ['reset-failed', unit], signal);
      // Not to its end: a member says that it is ready when there is a quorum, for which others may have to start first.
      const { status, complaint } = await systemctl(access, ['start', '--no-block', unit], signal);
      if (status !== 0) throw notStarted(hosted, complaint);
      const until = clock.monotonic() + firstMomentsMs;
      let now = await look(signal);
      while (clock.monotonic() < until && !hasDied(now)) {
        await clock.sleep(lookAgainMs, signal);
        now = await look(signal);
      }
      if (hasDied(now) || !stateOf(unit, now).running)
        throw notStarted(hosted, `${stateOf(unit, now).detail}: ${lastWords(await logTail())}`, {
          log: `journalctl --unit ${unit}`,
        });
    },
    whyUnstartable: async (signal) => whyNotLoaded(unit, await look(signal)),
    program: () => programOf(access, unit, hosted.program),
    logTail,
  };
}

function stateOf(unit: string, found: Unit): HostState {
  const { LoadState, ActiveState, SubState, MainPID, Result, ExecMainStatus } = found;
  if (LoadState === 'not-found') return { running: false, detail: unknownUnit(unit) };
  const running = ActiveState !== 'inactive' && ActiveState !== 'failed';
  const state = `${unit} is ${ActiveState} (${SubState})`;
  const detail = Result === 'success' ? state : `${state}: ${Result}, exit status ${ExecMainStatus}`;
  return { running, ...(MainPID !== '0' && { pid: Number(MainPID) }), detail };
}

function unknownUnit(unit: string): string {
  return `systemd knows no unit ${unit}`;
}

/** The states of loading are those of systemctl(1) under `list-units`; a unit that is not loaded cannot be started. */
function whyNotLoaded(unit: string, { LoadState }: Unit): string | undefined {
  if (LoadState === 'loaded') return undefined;
  if (LoadState === 'not-found') return unknownUnit(unit);
  return LoadState === 'masked'
    ? `${unit} is masked, so systemd does not start it`
    : `systemd cannot load ${unit} (${LoadState})`;
}

/** Whether it ended since it was started, be it that systemd will try again. */
function hasDied({ ActiveState, SubState, NRestarts }: Unit): boolean {
  return ActiveState === 'failed' || SubState.startsWith('auto-restart') || Number(NRestarts) > 0;
}

/** As systemd prints ExecStart: `{ path=/usr/bin/etcd ; argv[]=/usr/bin/etcd --name=… ; … }`. */
async function programOf(access: HostAccess, unit: string, program: string): Promise<string | undefined> {
  const found = await unitProperties(access, unit, ['ExecStart']);
  if ('unknown' in found) return undefined;
  const [, path = '', argv = ''] = /path=(.*?) ; argv\[\]=(.*?) ; /.exec(found.ExecStart) ?? [];
  const named = [path, ...argv.split(' ')].find((word) => word.startsWith('/') && basename(word) === program);
  return named ?? (path === '' ? undefined : path);
}
