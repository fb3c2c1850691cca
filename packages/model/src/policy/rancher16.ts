import { Policy } from './policy.ts';
import { spanOf } from './span.ts';

const defaults = { EMBEDDED_BACKUPS: 'true', BACKUP_PERIOD: '15m0s', BACKUP_RETENTION: '24h' } as const;

/** The name of the policy that Rancher 1.6's variables stand for. */
const policyName = 'embedded-backups';

/** What the variables of Rancher 1.6 ask for: nothing, a policy, or something that cannot be. */
export type Rancher16Wish =
  | { readonly kind: 'unset' }
  | { readonly kind: 'off' }
  | { readonly kind: 'policy'; readonly policy: Policy }
  /** `problem`: a sentence without full stop. */
  | { readonly kind: 'invalid'; readonly problem: string };

/**
 * Reads `EMBEDDED_BACKUPS`, `BACKUP_PERIOD` and `BACKUP_RETENTION` as Rancher 1.6's catalog and its etcd image do: anything
 * but `true` turns backups off, the others are durations as Go writes them, what is not set is true, 15m0s and 24h.
 * Backups are kept by age. None is set: nobody asked for anything.
 *
 * @param env of the process; empty is as good as not set
 * @param repository where the backups go, as `--repo` takes it
 */
export function rancher16Policy(
  env: Readonly<Record<string, string | undefined>>,
  repository: string,
): Rancher16Wish {
  const names = Object.keys(defaults) as (keyof typeof defaults)[];
  if (!names.some((name) => env[name])) return { kind: 'unset' };
  const valueOf = (name: keyof typeof defaults): string => env[name] || defaults[name];
  if (valueOf('EMBEDDED_BACKUPS') !== 'true') return { kind: 'off' };
  for (const name of ['BACKUP_PERIOD', 'BACKUP_RETENTION'] as const) {
    const ms = goDurationMs(valueOf(name));
    if (ms === undefined || ms < shortestMs) {
      const problem = `${name} is "${valueOf(name)}", and not a duration of 30 seconds or more such as 15m or 1h30m`;
      return { kind: 'invalid', problem };
    }
    if (ms > longestMs)
      return { kind: 'invalid', problem: `${name} is "${valueOf(name)}", and longer than ten years` };
  }
  const policy = Policy.parse({
    name: policyName,
    schedule: { intervalHours: goDurationMs(valueOf('BACKUP_PERIOD'))! / 3_600_000 },
    targets: [{ repository }],
    retention: { within: spanOf(goDurationMs(valueOf('BACKUP_RETENTION'))!) },
  });
  return { kind: 'policy', policy };
}

const shortestMs = 30_000;
const longestMs = 10 * 365 * 24 * 3_600_000;

const goUnits: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ns: 1e-6,
};

/** The milliseconds of what Go's time.ParseDuration reads: `1h30m`, `0.5h`, `300ms`; undefined: it does not, or it is negative. */
function goDurationMs(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(h|ms|m|us|µs|μs|ns|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.replace(/^\+/, ''))
    return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * goUnits[unit!]!, 0);
}
