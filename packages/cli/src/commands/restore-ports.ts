import type { Connect, NodeOf } from '@holdfast/engine';
import type { Repository } from '@holdfast/repository';
import type { Session } from '../session.ts';
import { connector } from '../sources/etcd.ts';
import { hasPlace } from '../sources/places.ts';
import { openRepository } from '../sources/repository.ts';

/** What a restore works with, put together here and nowhere else. */
export interface RestorePorts {
  readonly nodes: NodeOf;
  readonly connect: Connect;
  /** Absent where no repository is set. */
  readonly repository?: Repository;
}

/** Members live on this machine; etcd is asked with the TLS files and the login of the settings. */
export async function restorePorts(session: Session): Promise<RestorePorts> {
  const connect = await connector(session.settings, session.io);
  const nodes = await localNodes(session);
  if (!hasPlace(session)) return { nodes, connect };
  return { nodes, connect, repository: await openRepository(session) };
}

/** The nodes alone, for what needs neither etcd nor a repository. */
export async function localNodes({ io }: Session): Promise<NodeOf> {
  const { localNode } = await import('@holdfast/agent');
  const node = localNode(io.clock);
  return () => node;
}
