import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Failure, systemClock, type FailureCode } from '@holdfast/base';
import type { EtcdClient, ListedMember, Survey, SurveyedMember } from '@holdfast/etcd/client';
import {
  unseen,
  type ClusterDescription,
  type ComponentDescription,
  type MemberDescription,
  type MemberSight,
  type SnapshotManifest,
} from '@holdfast/model';
import { openRepository, type Repository } from '@holdfast/repository';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import type { VerbContext } from '../../context.ts';
import type { ComponentSight, RestoreNode } from '../node.ts';
import type { PlanRequest } from './request.ts';

/** What an etcd answers, or how it refuses to. */
type Answers = Partial<SurveyedMember> & {
  readonly clusterId?: string;
  readonly refuses?: FailureCode;
  readonly raftTerm?: number;
};

/** How a member is found: what its machine shows, and what its etcd says. */
export interface Scene {
  readonly sight?: Partial<MemberSight> | Failure;
  readonly answers?: Answers;
  /** The members that its etcd lists. */
  readonly listed?: readonly ListedMember[];
}

/** Whether each part of the control plane runs, or how its machine refuses to tell. */
type Parts = Readonly<Record<string, boolean | null | Failure>>;

/** An address of no machine's own that is not loopback, where nobody listens. */
const anywhere = 'https://0.0.0.0:1';

export const context: VerbContext = {
  // An election that nobody ends need not be waited for.
  clock: {
    ...systemClock,
    now: () => new Date('2026-11-20T12:00:00.000Z'),
    sleep: () => Promise.resolve(),
  },
  signal: new AbortController().signal,
  holdfast: '0.1.0',
};

export const etcdId = 'cdf818194e3a8c32';
/** A member that is stopped, with data that stands where the sample does. */
export const stopped = {
  running: false,
  data: 'readable',
  revision: 61,
  committedIndex: 70,
  lastIndex: 70,
  term: 2,
  size: 20_000,
  clusterId: etcdId,
} as const;
export const absent = { running: false, data: 'absent' } as const;
export const alive: Scene = { sight: { ...stopped, running: true }, answers: {} };

export const lost: Scene = { sight: absent };
export const off = (changes: object = {}): Scene => ({ sight: { ...stopped, ...changes } });
/** The members of a cluster of three. */
export const three = (m1: Scene, m2: Scene, m3: Scene): Record<string, Scene> => ({ m1, m2, m3 });

/** A snapshot of an etcd 3.6: revision 61, compacted at 30. */
export const sample = gunzipSync(
  await readFile(new URL('../../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url)),
);

/** A cluster that exists only as what is seen of it. */
export class World {
  readonly folder: string;
  readonly description: ClusterDescription;
  #scenes: ReadonlyMap<string, Scene>;
  readonly #parts: Parts;

  static async of(scenes: Record<string, Scene>, parts: Parts = {}): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'holdfast-plan-')), scenes, parts);
  }

  private constructor(folder: string, scenes: Record<string, Scene>, parts: Parts) {
    this.folder = folder;
    this.#parts = parts;
    this.#scenes = new Map(Object.entries(scenes));
    this.description = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'ClusterDescription',
      name: 'prod',
      members: Object.keys(scenes).map((name, i) => this.#member(name, i)),
      controlPlane: Object.keys(parts).map((name) => ({
        name,
        component: name.startsWith('api') ? 'kube-apiserver' : 'kube-scheduler',
        urls: [name.endsWith('-local') ? 'https://127.0.0.1:1' : anywhere],
        run: { driver: 'systemd', unit: `${name}.service` },
      })),
    };
  }

  /** From now on it is found otherwise. */
  become(scenes: Record<string, Scene>): void {
    this.#scenes = new Map(Object.entries(scenes));
  }

  request(more: Partial<PlanRequest> = {}): PlanRequest {
    const node = {
      observe: async (member: MemberDescription) => this.#observe(member.name),
      observeComponent: async ({ name }: ComponentDescription) => this.#observePart(name),
    };
    return {
      description: this.description,
      nodes: () => node as unknown as RestoreNode,
      connect: (endpoints) => this.#client(endpoints),
      by: 'root@bastion',
      ...more,
    };
  }

  /** A repository with verified snapshots of the sample's bytes. */
  async repository(snapshots: Record<string, Partial<SnapshotManifest>>, name = 'prod'): Promise<Repository> {
    const repository = await openRepository(join(this.folder, 'repository'), { create: true });
    const cluster = await repository.addCluster(name);
    for (const [i, [snapshot, changes]] of Object.entries(snapshots).entries()) {
      const at = `2026-11-20T0${i}:00:00.000Z`;
      const times = { startedAt: at, finishedAt: at };
      await storeSnapshot(repository, cluster, snapshot, sample, { times, revision: 61, ...changes });
      await repository.addEvidence({ name: snapshot, cluster }, evidenceOf(snapshot, at, 'passed'));
    }
    return repository;
  }

  /** Puts the sample where a member's database is. */
  async placeDb(name: string): Promise<string> {
    const folder = join(this.folder, name, 'member', 'snap');
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'db');
    await writeFile(path, sample.subarray(0, -32));
    return path;
  }

  #member(name: string, i: number): MemberDescription {
    // Addresses of this machine at which nobody listens.
    const [peer, client] = [`http://127.0.0.1:${2 * i + 1}`, `http://127.0.0.1:${2 * i + 2}`];
    const run = { driver: 'systemd', unit: 'etcd.service' } as const;
    return { name, peerUrls: [peer], clientUrls: [client], dataDir: join(this.folder, name), run };
  }

  #observe(name: string): MemberSight {
    const { sight = {} } = this.#scenes.get(name) ?? {};
    if (sight instanceof Failure) throw sight;
    return { ...unseen(), ...sight };
  }

  #observePart(name: string): ComponentSight {
    const running = this.#parts[name] ?? null;
    if (running instanceof Failure) throw running;
    return { running, detail: 'its unit says so' };
  }

  #client(endpoints: readonly string[]): EtcdClient {
    const surveyed = (): Survey => {
      const found = this.description.members.find(({ clientUrls }) => clientUrls[0] === endpoints[0]);
      const { answers, listed = [] } = this.#scenes.get(found?.name ?? '') ?? {};
      if (found === undefined || answers === undefined || answers.refuses !== undefined) {
        throw new Failure(answers?.refuses ?? 'etcd-unreachable', 'connection refused', { endpoint: '' });
      }
      const member = surveyedMember(found, answers);
      return { clusterId: answers.clusterId ?? etcdId, members: [member], listed };
    };
    const client = {
      endpoints,
      survey: async () => surveyed(),
      status: async () => surveyed().members[0]?.status,
      [Symbol.asyncDispose]: async () => undefined,
    };
    return client as unknown as EtcdClient;
  }
}

function surveyedMember(
  { name, clientUrls }: MemberDescription,
  { clusterId = etcdId, raftTerm = 3, ...answers }: Answers,
): SurveyedMember {
  const id = answers.id ?? `a${name.slice(1)}`;
  const revision = answers.revision ?? 90;
  return {
    endpoint: clientUrls[0] ?? '',
    id,
    name,
    isLeader: false,
    isLearner: false,
    appliedIndex: 100,
    revision,
    alarms: [],
    linearizable: true,
    status: {
      clusterId,
      memberId: id,
      version: '3.6.16',
      storageVersion: '3.6.0',
      dbSize: 30_000,
      dbSizeInUse: 30_000,
      isLearner: false,
      isLeader: false,
      raftIndex: 101,
      raftTerm,
      appliedIndex: 100,
      revision,
      alarms: [],
    },
    ...answers,
  };
}
