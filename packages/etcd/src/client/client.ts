import { isFailure, limits, type Clock } from '@holdfast/base';
import type { HashKv } from '@holdfast/model';
import { parseEndpoints, type Endpoint } from './endpoint.ts';
import { KV, Maintenance } from './gen/etcd_pb.ts';
import { countKeys, deleteKey, getKey, putKey, type KeyAnswer } from './key-calls.ts';
import {
  addMember,
  listMembers,
  promoteMember,
  removeMember,
  type ListedMember,
  type NewListedMember,
} from './member-calls.ts';
import { readMemberStatus, type MemberStatus } from './member-status.ts';
import { Peer, type Credentials } from './peer.ts';
import { refusalOf } from './refusal.ts';
import { surveyMembers, type Survey } from './survey.ts';
import { tlsIdentity, type TlsFiles } from './tls.ts';
import { watchFrom, type WatchAnswer } from './watch.ts';

export interface EtcdOptions {
  /** As etcdctl takes them; see parseEndpoints. */
  readonly endpoints: readonly string[];
  readonly tls?: TlsFiles;
  /** The name in etcd's certificate, where it is not the host of the endpoint. */
  readonly serverName?: string;
  readonly auth?: Credentials;
  readonly clock: Clock;
}

/** A member's hash, or why there is none. */
export type HashKvAnswer = { readonly hashKv: HashKv } | { readonly missing: string };

/** Takes the raw bytes of a snapshot stream; while a returned promise is pending no more come. */
export type TakeBytes = (chunk: Buffer) => void | Promise<void>;

/**
 * Makes a client of the etcd members behind some endpoints; no connection is made before it is needed.
 *
 * @throws Failure usage: endpoints or TLS files that cannot be right
 */
export function connectEtcd(options: EtcdOptions): EtcdClient {
  const files = options.tls ?? {};
  const tlsGiven = [files.ca, files.cert, files.key].some((each) => each !== undefined);
  const endpoints = parseEndpoints(options.endpoints, tlsGiven);
  const secure = endpoints.some((each) => each.secure);
  return new EtcdClient(endpoints, {
    clock: options.clock,
    ...(secure && { tls: tlsIdentity(files, options.serverName) }),
    ...(options.auth && { auth: options.auth }),
  });
}

/**
 * The questions that Holdfast asks etcd. Each goes to one member by its endpoint, since what matters is what that member
 * knows. All fail with etcd-unreachable, etcd-tls, etcd-auth or etcd-refused; ids are hexadecimal.
 */
export class EtcdClient implements AsyncDisposable {
  readonly #peers: ReadonlyMap<string, Peer>;
  readonly #clock: Clock;
  /** Whom this client logs in; undefined: nobody. */
  readonly user: string | undefined;

  constructor(endpoints: readonly Endpoint[], options: ConstructorParameters<typeof Peer>[1]) {
    this.#peers = new Map(endpoints.map((endpoint) => [endpoint.url, new Peer(endpoint, options)]));
    this.#clock = options.clock;
    this.user = options.auth?.user;
  }

  /** The endpoints in the order given, each as `scheme://host:port`. */
  get endpoints(): readonly string[] {
    return [...this.#peers.keys()];
  }

  /** The member's versions, sizes, place in raft, and the alarms that it knows of. */
  async status(endpoint: string): Promise<MemberStatus> {
    return readMemberStatus(await this.#peer(endpoint).ask(Maintenance.method.status, {}));
  }

  /** The members as this one knows them, without asking the others (a learner refuses to tell). */
  async memberList(endpoint: string): Promise<ListedMember[]> {
    return await listMembers(this.#peer(endpoint));
  }

  /** Adds a member to the cluster; tells it as it is listed now, still without a name. */
  async memberAdd(endpoint: string, member: NewListedMember): Promise<ListedMember> {
    return await addMember(this.#peer(endpoint), member);
  }

  /** Gives a learner its vote; etcd-refused while it is not in step with the leader. */
  async memberPromote(endpoint: string, id: string): Promise<void> {
    await promoteMember(this.#peer(endpoint), id);
  }

  /** Removes a member from the cluster for good. */
  async memberRemove(endpoint: string, id: string): Promise<void> {
    await removeMember(this.#peer(endpoint), id);
  }

  /** Writes a key; tells the revision that this made. */
  async put(endpoint: string, key: string, value: string): Promise<number> {
    return await putKey(this.#peer(endpoint), key, value);
  }

  /** Reads a key: as the quorum has it with `linearizable`, else as this member has it. */
  async get(endpoint: string, key: string, how: { readonly linearizable: boolean }): Promise<KeyAnswer> {
    return await getKey(this.#peer(endpoint), key, how);
  }

  /** Deletes a key; tells whether it was there. */
  async deleteKey(endpoint: string, key: string): Promise<boolean> {
    return await deleteKey(this.#peer(endpoint), key);
  }

  /** Counts the keys with a prefix, all without one, as this member has them. */
  async count(endpoint: string, prefix = ''): Promise<number> {
    return await countKeys(this.#peer(endpoint), prefix);
  }

  /**
   * What a watcher is told who comes back with this revision: that it is compacted, so that it reads everything anew, or
   * what happened since. The answer comes at once where something happened to the key since, or the revision is yet to
   * come; else the silence of limits.etcdCallMs is the answer.
   *
   * @throws beside the Failures, the signal's reason when it is aborted
   */
  async watchFrom(
    endpoint: string,
    key: string,
    revision: number,
    signal: AbortSignal,
  ): Promise<WatchAnswer> {
    return await watchFrom(this.#peer(endpoint), this.#clock, { key, revision }, signal);
  }

  /**
   * Whether a linearizable read through this member comes back, which proves that it is part of a quorum. That the user
   * may not read the key is an answer too: etcd checks it after the quorum has agreed.
   *
   * @throws Failure etcd-auth when no user is given and etcd asks for one
   */
  async linearizableRead(endpoint: string): Promise<boolean> {
    const key = new TextEncoder().encode('holdfast');
    try {
      await this.#peer(endpoint).ask(KV.method.range, { key, countOnly: true });
      return true;
    } catch (error) {
      if (refusalOf(error)?.is('permission') === true) return true;
      if (isFailure(error, 'etcd-auth')) throw error;
      if (isFailure(error)) return false;
      throw error;
    }
  }

  /**
   * The member's own HashKV at the revision at which an image of it stands; missing when the member has gone on past what
   * it can still hash, or cannot answer. At a compacted revision 3.4 refuses, and later versions answer from a cache of
   * before the compaction, which no image can be held against: there the member is asked for where it stands now, which
   * serves as long as that is the same revision.
   */
  async hashKv(endpoint: string, at: { revision: number; compactRevision: number }): Promise<HashKvAnswer> {
    try {
      if (at.compactRevision < at.revision) {
        const hashKv = await this.#hashKv(endpoint, at.revision);
        if (hashKv !== 'compacted') return { hashKv };
      }
      const hashKv = await this.#hashKv(endpoint, 0);
      if (hashKv !== 'compacted' && hashKv.revision === at.revision) return { hashKv };
      return { missing: `revision ${at.revision} has been compacted, and the member has gone on` };
    } catch (error) {
      if (!isFailure(error)) throw error;
      return { missing: error.why };
    }
  }

  /** HashKV at a revision, 0 for the current one. */
  async #hashKv(endpoint: string, revision: number): Promise<HashKv | 'compacted'> {
    try {
      const request = { revision: BigInt(revision) };
      const answer = await this.#peer(endpoint).ask(Maintenance.method.hashKV, request, limits.etcdHashMs);
      const of = revision === 0 ? Number(answer.header?.revision ?? 0n) : revision;
      return { revision: of, compactRevision: Number(answer.compactRevision), hash: answer.hash };
    } catch (error) {
      if (refusalOf(error)?.is('compacted') === true) return 'compacted';
      throw error;
    }
  }

  /**
   * Asks for the member's snapshot and hands the gRPC messages of the answer to `take` as raw bytes until the stream has
   * ended with the status OK. Package `@holdfast/etcd/stream` makes a checked file of them.
   *
   * @throws beside the Failures, the signal's reason when it is aborted, and whatever `take` throws
   */
  async snapshot(endpoint: string, take: TakeBytes, signal: AbortSignal): Promise<void> {
    await this.#peer(endpoint).listen(Maintenance.method.snapshot, {}, take, signal);
  }

  /** Asks all endpoints at once for everything that the choice of a member needs; throws as surveyMembers does. */
  async survey(): Promise<Survey> {
    return await surveyMembers(this);
  }

  /** Ends all connections at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers.values()) peer.close();
  }

  #peer(endpoint: string): Peer {
    const peer = this.#peers.get(endpoint);
    if (peer === undefined) throw new Error(`${endpoint} is not an endpoint of this client`);
    return peer;
  }
}
