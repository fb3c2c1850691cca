import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from every other one that ever had its number. */
export interface Holder {
  /** On Linux the boot and the process namespace, elsewhere the host name: within one, process numbers compare. */
  readonly machine: string;
  readonly host: string;
  readonly pid: number;
  /** On Linux the process's start in clock ticks since boot; empty elsewhere. */
  readonly started: string;
}

export function thisProcess(): Holder {
  return { machine: machine(), host: hostname(), pid: process.pid, started: startOf(process.pid) ?? '' };
}

/** Whether the process has ended; undefined when that cannot be known from here. */
export function hasEnded(holder: Holder): boolean | undefined {
  if (holder.machine !== machine()) return undefined;
  const start = startOf(holder.pid);
  return start === undefined ? !isThere(holder.pid) : start !== holder.started;
}

/** Reads what {@link thisProcess} gave, after JSON; undefined when it is something else. */
export function readHolder(value: unknown): Holder | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { machine, host, pid, started } = value as Partial<Record<keyof Holder, unknown>>;
  if (typeof machine !== 'string' || typeof host !== 'string' || typeof started !== 'string')
    return undefined;
  return typeof pid === 'number' && Number.isSafeInteger(pid) ? { machine, host, pid, started } : undefined;
}

function machine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** When a process began, as proc_pid_stat(5) field 22 has it; undefined where there is no such file to see. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? 'ended' : fields[18];
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It is there and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
