import type { EtcdMinor } from '../obtain/versions.ts';
import type { Progress } from '../obtain/ways.ts';
import type { ClusterCertificates } from './certificates.ts';

/** Who logs in: root, who may do everything. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** Holds the password and nothing else; only its owner may read it. */
  readonly passwordFile: string;
}

/** What cluster to plan. Everything but the version has a default. */
export interface ClusterOptions {
  readonly version: EtcdMinor;
  /** Voting members; 1 if not said. */
  readonly members?: number;
  /** Client and peer TLS with client certificates; or the certificates of another cluster. */
  readonly tls?: boolean | ClusterCertificates;
  /** Authentication with a user root; or the credentials that existing data directories were made with. */
  readonly auth?: boolean | Credentials;
  /** One more member, a learner. */
  readonly learner?: boolean;
  /** Where the cluster keeps its files; if not said a temporary folder, which goes with the cluster. */
  readonly dir?: string;
  /** The token that cluster and member ids are made from; unique if not said. */
  readonly token?: string;
  /** Uses etcd's own default token, as most clusters in the wild do. */
  readonly defaultToken?: boolean;
  readonly names?: readonly string[];
  readonly ports?: readonly { readonly client: number; readonly peer: number }[];
  readonly dataDirs?: readonly string[];
  readonly walDirs?: readonly string[];
  /** Bytes; etcd's own default if not said. */
  readonly quota?: number;
  readonly extraArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Syncs to disk as in production; if not said, versions that can do without do so, for speed. */
  readonly fsync?: boolean;
  /** Leaves the members running when this process ends. */
  readonly detached?: boolean;
  readonly progress?: Progress;
}
