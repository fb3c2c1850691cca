import { formatBytes } from '@holdfast/base';
import type { SnapshotEntry } from '@holdfast/repository';
import { withFrom, withRepository } from '../program/options.ts';
import { snapshotArgument } from '../program/selector.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { placeFlags } from '../sources/places.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import { showForeign } from './snapshot-foreign.ts';
import type { SnapshotOptions } from '../remote/snapshots.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { commandLine } from '../term/quote.ts';
import { pairs } from '../term/table.ts';
import { ago, moment } from '../term/when.ts';
import { evidenceText } from '../view/evidence.ts';
import { companionsText } from '../view/companions.ts';
import { etcdFigures } from '../view/figures.ts';
import { snapshotItem, stateWords } from '../view/snapshot.ts';
import { storedAs, storedText, type StoredAs } from '../view/stored.ts';

export function addShow(parent: Verb): void {
  const verb = parent.command('show');
  verb
    .description('Show all that is known of a snapshot: where it comes from, its figures, and the evidence.')
    .addArgument(snapshotArgument())
    .example('The newest', 'holdfast snapshot show latest --repo /backup')
    .example(
      'Its hash, as `etcdutl snapshot status` has it',
      'holdfast snapshot show latest -o json | jq -r .status.hash',
    )
    .remark(
      'The figures of `snapshot status` are known once the snapshot was verified. TOTAL KEYS counts as the etcd that it came from does: every pair of every bucket up to 3.5, the live keys from 3.6 on; JSON has both, as pairs and liveKeys.',
    )
    .answers(async (session, { from }: { readonly from?: string }, name) =>
      from === undefined ? show(session, name) : showForeign(session, from, name),
    );
  withFrom(withRepository(verb));
  overServer(verb, { takes: ['repo'] }, async (session, options: SnapshotOptions, name) => {
    const { showSnapshot } = await import('../remote/snapshots.ts');
    return withFleet(session, (fleet) => showSnapshot(fleet, options, name));
  });
}

async function show(session: Session, selector: string): Promise<Answer> {
  const repository = await openRepository(session);
  const { showSnapshot } = await import('@holdfast/engine');
  const selected = await selectedSnapshot(session, repository, selector);
  const entry = await showSnapshot(session.context, repository, selected);
  return showAnswer(entry, await storedAs(repository, entry), placeFlags(session));
}

function showAnswer(entry: SnapshotEntry, stored: StoredAs, place: readonly string[]): Answer {
  const { manifest, evidence, pin, damage } = entry;
  const figures = evidence.findLast((each) => each.status !== null)?.status ?? undefined;
  return {
    json: {
      apiVersion,
      kind: 'Snapshot',
      ...snapshotItem(entry),
      damage,
      pin,
      unwanted: entry.unwanted,
      status: figures === undefined ? null : etcdFigures(figures, manifest),
      locks: stored.locks,
      manifest,
      evidence,
    },
    names: [entry.name],
    text: (view) =>
      [
        about(entry, view),
        origin(entry, view),
        storedText(entry, stored, view),
        companionsText(manifest.companions, view),
        status(entry),
        proof(entry, place, view),
      ].join('\n'),
  };
}

function about(entry: SnapshotEntry, view: View): string {
  const { manifest, pin, unwanted } = entry;
  const { startedAt, finishedAt } = manifest.times;
  return pairs([
    ['name', view.style('strong', entry.name)],
    ['state', stateWords(entry, view.style)],
    ['damage', entry.damage ?? undefined],
    ['cluster', `${entry.cluster.name} (${entry.cluster.id})`],
    [
      'taken',
      `${moment(startedAt, view.utc)}${startedAt === finishedAt ? '' : ` to ${moment(finishedAt, view.utc)}`}, ${ago(finishedAt, view.now)}`,
    ],
    [
      'pinned',
      pin === null
        ? undefined
        : `${moment(pin.at, view.utc)}${pin.until === null ? '' : ` until ${moment(pin.until, view.utc)}`}${pin.reason === '' ? '' : `: ${pin.reason}`}`,
    ],
    [
      'unwanted',
      unwanted === null ? undefined : `since ${moment(unwanted.since, view.utc)}: ${unwanted.why}`,
    ],
    ['file', entry.path],
    ['size', `${formatBytes(manifest.content.size)} (${manifest.content.size} bytes)`],
    ['sha256', manifest.content.sha256],
    ['previous', manifest.lineage?.previous?.name],
    ...importedFrom(manifest),
  ]);
}

/** Where another system had left it, and what had to be guessed or added. */
function importedFrom({ imported }: SnapshotEntry['manifest']): [string, string | undefined][] {
  if (imported === null) return [];
  const { system, location, path, notes } = imported;
  return [
    ['imported', `from ${system}, ${location}/${path}`],
    ...notes.map((note): [string, string] => ['note', note]),
  ];
}

function origin({ manifest }: SnapshotEntry, { wide }: View): string {
  const { member, quorum, hashKv, raft } = manifest;
  return `From etcd ${manifest.versions.etcd}\n${pairs(
    [
      ['member', memberWords(member)],
      ['chosen', member.why],
      ['quorum', [quorum.state, ...quorum.reasons].join('; ')],
      ['revision', `${manifest.revision}, ${compacted(manifest.compactRevision)}`],
      [
        'hashkv',
        hashKv === null
          ? `not known: ${manifest.hashKvMissing ?? 'the member was not asked'}`
          : `${hashKv.hash} at revision ${hashKv.revision}, ${compacted(hashKv.compactRevision)}`,
      ],
      ['raft', wide ? `index ${raft.index}, term ${raft.term}` : undefined],
      ['page size', wide ? String(manifest.content.pageSize) : undefined],
    ],
    '  ',
  )}`;
}

function status({ manifest, evidence }: SnapshotEntry): string {
  const found = evidence.findLast((each) => each.status !== null)?.status ?? undefined;
  if (found === undefined) return 'Snapshot status: not known before a verification\n';
  const figures = etcdFigures(found, manifest);
  return `Snapshot status\n${pairs(
    [
      ['hash', figures.hash],
      ['revision', String(figures.revision)],
      ['total keys', String(figures.totalKeys)],
      ['total size', `${formatBytes(figures.totalSize)} (${figures.totalSize} bytes)`],
      ['version', figures.version === '' ? undefined : figures.version],
    ],
    '  ',
  )}`;
}

function proof({ evidence, name, cluster }: SnapshotEntry, place: readonly string[], view: View): string {
  const newest = evidence.at(-1);
  const where = [...place, '--cluster', cluster.name];
  const command = commandLine(['holdfast', 'snapshot', 'verify', name, ...where]);
  if (newest === undefined) return `Never verified; run: ${command}\n`;
  const earlier = evidence.length > 1 ? `, the newest of ${evidence.length}` : '';
  return `Verification${earlier}: ${evidenceText(newest, view)}`;
}

/** Of what was imported little is known. */
function memberWords({ id, name, role, endpoint }: SnapshotEntry['manifest']['member']): string {
  if (id === null) return name === '' ? 'not known' : name;
  return `${name} (${id}), ${role}, at ${endpoint}`;
}

/** -1 is the model's word for never. */
function compacted(revision: number): string {
  return revision < 0 ? 'never compacted' : `compacted at ${revision}`;
}
