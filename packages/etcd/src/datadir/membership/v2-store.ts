import { formatHex64 } from '@holdfast/base';
import { raftAttributesJson } from './json.ts';
import type { NewCluster } from './new-cluster.ts';

/** A node of the old v2 store; a directory has children, a value has none. */
interface StoreNode {
  readonly Path: string;
  readonly CreatedIndex: number;
  readonly ModifiedIndex: number;
  readonly ExpireTime: string;
  readonly Value: string;
  readonly Children: Readonly<Record<string, StoreNode>> | null;
}

/**
 * The v2 store as JSON with the members under `/0/members`: what etcd 3.4 and 3.5 read their membership from. The
 * least that every version accepts; names and client URLs are published by the members themselves.
 */
export function v2StoreJson(cluster: NewCluster): string {
  const at = '/0/members';
  const members = cluster.members.map((member): [string, StoreNode] => {
    const path = `${at}/${formatHex64(member.id)}`;
    const attributes = value(`${path}/raftAttributes`, raftAttributesJson(member));
    return [formatHex64(member.id), directory(path, { raftAttributes: attributes })];
  });
  const root = directory('/', {
    '0': directory('/0', { members: directory(at, Object.fromEntries(members)) }),
    '1': directory('/1', {}),
  });
  return JSON.stringify({ Root: root, CurrentIndex: cluster.members.length, CurrentVersion: 2 });
}

function directory(path: string, children: Readonly<Record<string, StoreNode>>): StoreNode {
  return { ...value(path, ''), Children: children };
}

function value(path: string, text: string): StoreNode {
  return {
    Path: path,
    CreatedIndex: 0,
    ModifiedIndex: 0,
    ExpireTime: '0001-01-01T00:00:00Z',
    Value: text,
    Children: null,
  };
}
