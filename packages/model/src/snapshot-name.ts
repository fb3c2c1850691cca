import { limits } from '@holdfast/base';

/**
 * What a snapshot's name tells of itself. The forms are those of the five systems that Holdfast stands in for:
 * - `k3s`: `<name>-<node>-<unix time>`, K3s, RKE2 and Holdfast's own default
 * - `rke-one-time`: `rke_etcd_snapshot_<RFC 3339>`
 * - `rke-recurring`: `<RFC 3339>_etcd`
 * - `rancher-1.6`: `<RFC 3339>_etcd_<service index>`
 * - `rancher-rke1`: `<cluster>-{r|m}{l|s}-<5 letters>_<RFC 3339>`: recurring or manual, local or S3
 * - `alauda`: `snapshot-etcd-<date>-<time>-<ip>.tar`
 * - `free`: anything else
 */
export interface ParsedSnapshotName {
  readonly form:
    | 'k3s'
    | 'rke-one-time'
    | 'rke-recurring'
    | 'rancher-1.6'
    | 'rancher-rke1'
    | 'alauda'
    | 'free';
  /** When it was taken, as far as the name tells. */
  readonly at?: Date;
  /** The part before the node or the time: `on-demand`, `etcd-snapshot`, a Rancher backup's own name. */
  readonly base?: string;
  /** The node: its name, for `alauda` its IP, for `rancher-1.6` the service index. */
  readonly node?: string;
  readonly recurring?: boolean;
}

/** Whether `name` may name a snapshot: one path-safe word, which admits every form of {@link ParsedSnapshotName}. */
export function isSnapshotName(name: string): boolean {
  return snapshotNameFault(name) === undefined;
}

/** What keeps `name` from naming a snapshot, as a sentence about "it"; undefined: nothing. */
export function snapshotNameFault(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > limits.snapshotNameLength) return `it has ${name.length} characters`;
  const odd = /[^A-Za-z0-9._:+-]/u.exec(name)?.[0];
  if (odd !== undefined) return `it has ${JSON.stringify(odd)} in it`;
  if (!/^[A-Za-z0-9]/.test(name)) return `it begins with ${JSON.stringify(name[0])}`;
  return name.includes('..') ? 'it has ".." in it' : undefined;
}

/** `<base>-<node>-<unix time>`; characters that a name cannot have become `-`. */
export function defaultSnapshotName(base: string, node: string, at: Date): string {
  const time = String(Math.floor(at.getTime() / 1000));
  const stem = `${safe(base)}-${safe(node) || 'etcd'}`.replace(/^[^A-Za-z0-9]+/, '');
  return `${stem.slice(0, limits.snapshotNameLength - time.length - 1)}-${time}`;
}

function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/\.{2,}/g, '.');
}

/** The n-th alternative (n >= 2) to a name that is taken, for two snapshots in one second. */
export function numberedSnapshotName(name: string, n: number): string {
  const suffix = `.${n}`;
  return `${name.slice(0, limits.snapshotNameLength - suffix.length)}${suffix}`;
}

const stamp = String.raw`\d{4}-\d{2}-\d{2}T\d{2}[:-]\d{2}[:-]\d{2}(?:Z|[+-]\d{2}[:-]\d{2})`;
const forms: readonly [ParsedSnapshotName['form'], RegExp][] = [
  ['rke-one-time', new RegExp(`^(?<base>rke_etcd_snapshot)_(?<stamp>${stamp})$`)],
  ['rancher-1.6', new RegExp(`^(?<stamp>${stamp})_etcd_(?<node>\\d+)$`)],
  ['rke-recurring', new RegExp(`^(?<stamp>${stamp})_etcd$`)],
  ['rancher-rke1', new RegExp(`^(?<base>[a-z0-9-]+-(?<kind>[rm])[ls]-[a-z0-9]{5})_(?<stamp>${stamp})$`)],
  [
    'alauda',
    /^snapshot-etcd-(?<date>\d{4}-?\d{2}-?\d{2})-(?<time>\d{2}[:-]?\d{2}[:-]?\d{2})-(?<node>\d{1,3}(?:\.\d{1,3}){3})$/,
  ],
  ['k3s', /^(?<base>etcd-snapshot|on-demand)-(?<node>.+)-(?<unix>\d{9,11})(?:\.\d+)?$/],
  ['k3s', /^(?<base>.+)-(?<node>[^-]+)-(?<unix>\d{9,11})(?:\.\d+)?$/],
];

/**
 * Reads a snapshot's or a file's name; `.zip`, `.tar`, `.db` and folders before it are left aside. Where base and
 * node both may hold dashes, a known base decides, else the node is taken to have none. Never fails: `free`.
 */
export function parseSnapshotName(fileName: string): ParsedSnapshotName {
  const name = fileName.replace(/^.*\//, '').replace(/\.(?:zip|tar|tar\.gz|tgz|db)$/, '');
  for (const [form, regexp] of forms) {
    const groups = regexp.exec(name)?.groups;
    const at = groups && timeOf(groups);
    if (groups === undefined || at === undefined) continue;
    return {
      form,
      at,
      ...(groups['base'] !== undefined && { base: groups['base'] }),
      ...(groups['node'] !== undefined && { node: groups['node'] }),
      ...recurrence(form, groups),
    };
  }
  return { form: 'free' };
}

function recurrence(
  form: ParsedSnapshotName['form'],
  groups: Record<string, string>,
): { recurring?: boolean } {
  if (form === 'rke-recurring' || form === 'rancher-1.6') return { recurring: true };
  if (form === 'rke-one-time') return { recurring: false };
  if (form === 'rancher-rke1') return { recurring: groups['kind'] === 'r' };
  if (groups['base'] === 'etcd-snapshot') return { recurring: true };
  return groups['base'] === 'on-demand' ? { recurring: false } : {};
}

/** The time in a name; undefined when the digits are no time (month 13), so that the next form is tried. */
function timeOf(groups: Record<string, string>): Date | undefined {
  const { stamp: text, unix, date, time } = groups;
  const at =
    unix !== undefined
      ? new Date(Number(unix) * 1000)
      : text !== undefined
        ? new Date(
            `${text.slice(0, 11)}${text
              .slice(11)
              .replace(/^(\d\d)-(\d\d)-/, '$1:$2:')
              .replace(/-(\d\d)$/, ':$1')}`,
          )
        : new Date(isoOf(date ?? '', time ?? ''));
  return Number.isNaN(at.getTime()) ? undefined : at;
}

function isoOf(date: string, time: string): string {
  const [d, t] = [date.replaceAll('-', ''), time.replace(/[:-]/g, '')];
  return `${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)}T${t.slice(0, 2)}:${t.slice(2, 4)}:${t.slice(4)}Z`;
}
