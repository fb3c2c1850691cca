import type { Verb } from '../program/verb.ts';
import { addClusterAdd } from './cluster-add.ts';
import { addClusterJoin } from './cluster-join.ts';
import { addClusterList } from './cluster-list.ts';
import { addClusterRemove } from './cluster-remove.ts';
import { addClusterRemoveNode } from './cluster-remove-node.ts';
import { addClusterRestartNodes } from './cluster-restart-nodes.ts';
import { addClusterShow } from './cluster-show.ts';

export function addCluster(parent: Verb): void {
  const cluster = parent.command('cluster');
  cluster.description('The clusters of a server, and how their nodes join.');
  addClusterAdd(cluster);
  addClusterList(cluster);
  addClusterShow(cluster);
  addClusterJoin(cluster);
  addClusterRestartNodes(cluster);
  addClusterRemoveNode(cluster);
  addClusterRemove(cluster);
}
