import type { ForeignLayout } from '../foreign.ts';
import { alauda } from './alauda.ts';
import { etcd } from './etcd.ts';
import { gardener } from './gardener.ts';
import { k3s } from './k3s.ts';
import { rancher16 } from './rancher16.ts';
import { rke } from './rke.ts';

/** Those whose marks are surest come first; `etcd` takes every database that is left and comes last. */
export const layouts: readonly ForeignLayout[] = [rke, rancher16, alauda, gardener, k3s, etcd];
