import { hostname } from 'node:os';
import { posix } from 'node:path';
import type { OpenedCompanion, OpenedCompanions } from '@holdfast/engine';
import { configurationUse, maskedDiff } from '@holdfast/kube';
import {
  runBy,
  type ComponentDescription,
  type MemberDescription,
  type PlannedChange,
} from '@holdfast/model';
import { placeOfManifest } from '../host/held-manifest.ts';
import { contentOf, sha256 } from './exchange.ts';
import { manifestsOf } from './file-places.ts';

/** What of a machine its files are compared for. */
export interface FileOrder {
  readonly saved: OpenedCompanions;
  readonly members: readonly MemberDescription[];
  readonly components: readonly ComponentDescription[];
  /** The member or part of the control plane that they are changed by. */
  readonly at: string;
  /** What this machine is called. */
  readonly node?: string;
}

/** In which files a machine differs from what was saved, and which of them are put in place. */
export async function fileChanges(order: FileOrder): Promise<PlannedChange[]> {
  const { saved, node = hostname(), at } = order;
  const isOwn = saved.list.node === node;
  const changes: PlannedChange[] = [];
  let strange = 0;
  for (const opened of saved.files) {
    const { kind, shared } = configurationUse(opened.file);
    // Those that hold keys are another machine's business, and are there to be made anew.
    if (!isOwn && !shared) strange += kind === 'configuration' ? 1 : 0;
    else changes.push(...(await changeOf(order, opened)));
  }
  if (strange === 0) return changes;
  const why = `${strange} saved files are of ${saved.list.node} and hold what is that machine's own, and this one is ${node}: make their changes here by hand`;
  return [
    ...changes,
    {
      ...{ at, kind: 'file', what: 'the configuration of this machine', path: null, from: null, to: null },
      ...{ absent: false, how: 'file', applies: false, why, diff: null },
    },
  ];
}

/** The change of one file; none where it is as it was. */
export async function changeOf(
  order: FileOrder,
  { file, content }: OpenedCompanion,
): Promise<PlannedChange[]> {
  const { path, why: what, secret } = file;
  let present: Buffer | undefined;
  let fault = '';
  try {
    present = await contentOf(await nowAt(order, path));
    if (present !== undefined && present.equals(content)) return [];
  } catch (error) {
    fault = `${(error as Error).message}, so it is left as it is`;
  }
  const { kind } = configurationUse(file);
  const absent = fault === '' && present === undefined;
  const why = fault === '' ? whyNot(order, path, absent) : fault;
  const isShown = kind === 'configuration' && present !== undefined;
  return [
    {
      ...{ at: order.at, kind: 'file', what, path, how: 'file', absent },
      from: secret || present === undefined ? null : sha256(present),
      to: secret ? null : sha256(content),
      applies: why === '' || why === restartKubelet,
      why,
      diff: isShown && present !== undefined ? maskedDiff(path, present, content) : null,
    },
  ];
}

/** A manifest that must not run lies in another place. */
async function nowAt({ members, components }: FileOrder, path: string): Promise<string> {
  if (!manifestsOf([...members, ...components]).includes(path)) return path;
  const place = await placeOfManifest(path);
  return place.at === 'nowhere' ? path : place.path;
}

const restartKubelet = 'the kubelet reads it when it is restarted: systemctl restart kubelet';

function whyNot({ members, components, saved }: FileOrder, path: string, absent: boolean): string {
  const file = saved.files.find((each) => each.file.path === path)?.file;
  const { kind } = configurationUse({ path, why: file?.why ?? '' });
  if (!path.startsWith('/') || posix.normalize(path) !== path) return 'its path is not a plain one';
  if (kind === 'identity' && !absent)
    return 'keys, certificates and tokens are never put over others, which what trusts them would not know: holdfast snapshot companions takes the saved one out';
  if (kind === 'etcd' || manifestsOf(members).includes(path) || path.endsWith('/manifests/etcd.yaml'))
    return 'etcd is run as it is described: make the change by hand once the restore is finished';
  const described = manifestsOf(components);
  if (described.includes(path) ? absent : path.startsWith('/etc/kubernetes/manifests/'))
    return 'no described part of the control plane is run by it, so nothing would stop that before the change: make it by hand';
  const units = components.map(({ run }) => runBy(run));
  const unit = /^\/etc\/systemd\/system\/([^/]+\.service)/.exec(path)?.[1];
  if (unit !== undefined && ![...units, ...members.map(({ run }) => runBy(run))].includes(unit))
    return `${unit} runs nothing that is described: make the change by hand`;
  return path.startsWith('/var/lib/kubelet/') ? restartKubelet : '';
}
