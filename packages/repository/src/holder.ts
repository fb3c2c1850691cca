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
  return holder.machine === machine() ? startOf(holder.pid) !== holder.started : undefined;
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
  if (process.platform !== 'linux') return hostname();
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
}

/** When a running process began, as proc_pid_stat(5) field 22 has it; undefined when there is none. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      process.kill(pid, 0);
      return '';
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : fields[18];
  } catch (error) {
    // A process of another user does run (EPERM); everything else means that there is none.
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? '' : undefined;
  }
}
