import { isIPv4 } from 'node:net';
import { Failure } from '@holdfast/base';
import { parseSnapshotName, type SnapshotManifest } from '@holdfast/model';

/** The systems that a snapshot can be given back to. */
export const givenBackTo = ['k3s', 'rke2', 'rke', 'alauda'] as const;
export type GivenBackTo = (typeof givenBackTo)[number];

/** How the snapshot lies in the file: as it is, or as the only database of an archive. The system's own way comes first. */
export const givenBackForms = {
  k3s: ['raw', 'zip'],
  rke2: ['raw', 'zip'],
  rke: ['zip', 'raw'],
  alauda: ['tar', 'raw'],
} as const satisfies Record<GivenBackTo, readonly string[]>;
export type GivenBackForm = 'raw' | 'zip' | 'tar';

/** What a name is made of. */
export interface NameRequest {
  readonly manifest: Pick<SnapshotManifest, 'name' | 'times' | 'companions' | 'member'>;
  readonly as: GivenBackTo;
  readonly form: GivenBackForm;
  /** The node's name, for Alauda its IP, where it is not to be taken from the snapshot. */
  readonly node?: string | undefined;
}

/** The file's name, and the name inside an archive or without its ending. */
export interface GivenBackName {
  readonly file: string;
  /** As the system's own command wants it; that of the database in an archive of RKE is `/backup/<bare>`. */
  readonly bare: string;
}

/**
 * The name that the system itself would have given, with the time at which the snapshot was taken. Where that system
 * deletes its own recurring snapshots by name, it is the name of one that was asked for: what is given back would be the
 * oldest of them, and gone with the next one.
 *
 * @throws usage where `node` cannot be part of it
 */
export function givenBackName({ manifest, as, form, node }: NameRequest): GivenBackName {
  const parsed = parseSnapshotName(manifest.name);
  const at = parsed.at ?? new Date(manifest.times.startedAt);
  const ending = form === 'zip' ? '.zip' : '';
  if (as === 'rke') {
    const bare =
      parsed.form === 'rke-one-time' || parsed.form === 'rancher-rke1'
        ? manifest.name.replace(/\.zip$/, '')
        : `rke_etcd_snapshot_${rfc3339(at)}`;
    return { file: `${bare}${ending}`, bare };
  }
  if (as === 'alauda') {
    const time = rfc3339(at).replace(/[:Z-]/g, '').replace('T', '-');
    const file = `snapshot-etcd-${time}-${addressOf(manifest, node)}.tar`;
    return { file, bare: file };
  }
  // Companions are of a node; what a name says of one may be cut; a member of K3s has 8 random letters behind it.
  const member = manifest.member.name.replace(/-[0-9a-f]{8}$/, '');
  const host = node ?? manifest.companions?.node ?? parsed.node ?? member;
  if (node !== undefined && !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(node))
    throw new Failure('usage', `${JSON.stringify(node)} cannot be the name of a node`);
  const bare = `on-demand-${host.replace(/[^A-Za-z0-9.-]+/g, '-')}-${Math.floor(at.getTime() / 1000)}`;
  return { file: `${bare}${ending}`, bare };
}

/** Of RFC 3339 in whole seconds of UTC, as Go prints it. */
function rfc3339(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

function addressOf({ name, member }: NameRequest['manifest'], node: string | undefined): string {
  if (node !== undefined && !isIPv4(node))
    throw new Failure(
      'usage',
      `${JSON.stringify(node)} is no IPv4 address, and Alauda names nodes by theirs`,
    );
  const { form, node: named = '' } = parseSnapshotName(name);
  const known = [node ?? '', form === 'alauda' ? named : '', hostOf(member.endpoint)].find(isIPv4);
  if (known === undefined)
    throw new Failure(
      'usage',
      `Alauda names nodes by their IP, and ${member.endpoint} has none: give it with --node`,
    );
  return known;
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : '';
}
