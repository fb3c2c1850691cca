import { readFile } from 'node:fs/promises';
import { openSavedFiles, type ComponentOrder, type StepEvidence, type StepOrder } from '@holdfast/engine';
import type { PlannedChange } from '@holdfast/model';
import { contentOf, exchange, isBegun, putBack, sha256, type NewContent } from '../configuration/exchange.ts';
import { filePlaces, manifestsOf, type FilePlaces } from '../configuration/file-places.ts';
import { changeOf } from '../configuration/files.ts';
import { besideProgram, retagged } from '../configuration/versions.ts';
import { kubernetesProgram, taggedVersion } from '../host/kubernetes-version.ts';
import { imageOfManifest } from '../host/pod-manifest.ts';
import { systemctl } from '../host/systemctl.ts';
import type { HostAccess } from '../host/run-command.ts';
import { stands } from '../on-disk.ts';
import { stepFailed } from './step.ts';

/** What the step works with: it is that of a member, or of a part of the control plane. */
interface Configuring {
  readonly order: StepOrder | ComponentOrder;
  readonly context: { readonly signal: AbortSignal };
  readonly access: HostAccess;
}

/** Puts what the plan changes of this machine in place, file by file. */
export async function configure(act: Configuring): Promise<StepEvidence> {
  const { order, context } = act;
  const changes = ownChanges(act);
  // All are looked at before one is touched.
  const ready: { readonly places: FilePlaces; readonly content: NewContent }[] = [];
  const contents = changes.some(({ how }) => how === 'file') ? await savedContents(act) : undefined;
  for (const change of changes) {
    const places = filePlaces(order.plan, change.path);
    if (manifestsOf(order.plan.controlPlane).includes(change.path) && (await stands(change.path)))
      throw stepFailed(order, `${change.path} lies where the kubelet starts it`);
    const content = await newContent(act, change, places, contents);
    if (content !== undefined) ready.push({ places, content });
  }
  for (const { places, content } of ready) {
    context.signal.throwIfAborted();
    await exchange(places, content, context.signal);
  }
  await reload(act);
  return { changed: await Promise.all(changes.map(async (change) => became(order, change))) };
}

/** Puts the old files back, the last one first. */
export async function unconfigure(act: Configuring): Promise<StepEvidence> {
  const { order } = act;
  const returned: string[] = [];
  for (const { path } of ownChanges(act).toReversed())
    if (await putBack(filePlaces(order.plan, path))) returned.push(path);
  await reload(act);
  return { returned };
}

type Applied = PlannedChange & { readonly path: string };

function ownChanges({ order }: Configuring): Applied[] {
  const { name } = 'component' in order ? order.component : order.member;
  return (order.plan.changes ?? []).filter(
    (change): change is Applied => change.at === name && change.applies && change.path !== null,
  );
}

/**
 * What a file is to become; undefined where it is that already.
 *
 * @throws Failure node-failed when it is not what the plan has shown
 */
async function newContent(
  act: Configuring,
  change: Applied,
  places: FilePlaces,
  saved: ((path: string) => Promise<NewContent | 'done' | undefined>) | undefined,
): Promise<NewContent | undefined> {
  const { order, context } = act;
  const { path, how, to } = change;
  const other = (why: string): Error => stepFailed(order, `${path} ${why}: plan anew`);
  if (how === 'manifest') {
    const text = await readFile(places.path, 'utf8');
    const { image, withImage } = imageOfManifest(text, path, change.what);
    const wanted = retagged(image, to ?? '');
    if (wanted === image) return undefined;
    if (wanted === undefined || taggedVersion(image) !== change.from)
      throw other(`has the image ${image}, and was planned with ${change.from}`);
    return { bytes: Buffer.from(withImage(wanted)), secret: false };
  }
  if (how === 'binary') {
    const now = await kubernetesProgram(path, context.signal);
    if (now === to) return undefined;
    if (now !== change.from) throw other(`is ${now ?? 'no program'}, and was planned with ${change.from}`);
    const beside = besideProgram(path, to ?? '');
    if ((await kubernetesProgram(beside, context.signal)) !== to)
      throw other(`was to become ${beside}, which is not ${to}`);
    return { copyOf: beside };
  }
  const content = await saved?.(path);
  if (content === undefined) throw other('is not among the saved files');
  return content === 'done' ? undefined : content;
}

/** Tells what a saved file is to become, once it was looked at that this is what the plan has shown. */
async function savedContents({
  order,
  context,
}: Configuring): Promise<((path: string) => Promise<NewContent | 'done' | undefined>) | undefined> {
  const { plan, artefact } = order;
  if (artefact === undefined) return undefined;
  const saved = await openSavedFiles(artefact, context.signal);
  const all = plan.changes ?? [];
  return async (path) => {
    const opened = saved.files.find(({ file }) => file.path === path);
    if (opened === undefined) return undefined;
    const places = filePlaces(plan, path);
    const { members, controlPlane: components } = plan;
    const { name: at } = 'component' in order ? order.component : order.member;
    const [now] = await changeOf({ saved, members, components, at }, opened);
    if (now === undefined) return 'done';
    const shown = all.find((each) => each.at === at && each.path === path);
    const isShown = now.from === shown?.from && now.absent === shown.absent && now.diff === shown.diff;
    // One that was begun has its old content beside it.
    if (!isShown && !(await isBegun(places)))
      throw stepFailed(order, `${path} is not what it was when this was planned: plan anew`);
    return { bytes: opened.content, secret: opened.file.secret };
  };
}

/** Of a secret not even a hash, by which a short one could be guessed. */
async function became({ plan }: Configuring['order'], change: Applied): Promise<StepEvidence> {
  const { path, how, from, to } = change;
  const places = filePlaces(plan, path);
  const isSecret = how === 'file' && to === null;
  const hashOf = async (file: string): Promise<string | null> => {
    const content = isSecret ? undefined : await contentOf(file);
    return content === undefined ? null : sha256(content);
  };
  const kept = (await stands(places.kept)) ? places.kept : null;
  return {
    ...{ path, kept, before: kept === null ? null : await hashOf(kept), after: await hashOf(places.path) },
    ...(change.kind === 'version' && { from, to }),
  };
}

/** systemd goes by the units that it has read. */
async function reload(act: Configuring): Promise<void> {
  if (!ownChanges(act).some(({ path }) => path.startsWith('/etc/systemd/system/'))) return;
  const { status, complaint } = await systemctl(act.access, ['daemon-reload'], act.context.signal);
  if (status !== 0) throw stepFailed(act.order, complaint);
}
