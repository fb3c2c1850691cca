import { isLoopbackOnly, type PlannedComponent } from '@holdfast/model';
import { portIsOpen } from '../../doctor/port.ts';
import { kubernetesIn } from './kubernetes.ts';
import type { Subject } from './request.ts';

/** What was found of the control plane; sentences without full stops. */
interface ControlPlaneFinding {
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Whether no API server can see the data change: each described part of the control plane can be stopped, or a person
 * vouches that it is off; and where none is described, whether there should be some.
 */
export async function controlPlaneFinding(subject: Subject): Promise<ControlPlaneFinding> {
  const { controlPlane, way } = subject.plan;
  // A cluster that runs on goes on serving.
  if (way === 'replace') return { faults: [], warnings: [] };
  if (controlPlane.length === 0) return { faults: [], warnings: await undescribedWords(subject) };
  const listening = await Promise.all(controlPlane.map(async (each) => listeningFault(subject, each)));
  return {
    faults: [...controlPlane.flatMap(runningFault), ...listening.flat()],
    warnings: [
      ...controlPlane.flatMap(({ name, attested }) =>
        attested === undefined ? [] : [`${attested.by} says of ${name}: ${attested.reason}`],
      ),
      ...(controlPlane.some(({ component }) => component === 'kube-apiserver') ? [] : [noServer]),
    ],
  };
}

function runningFault({ name, component, running, detail = '', attested }: PlannedComponent): string[] {
  if (attested !== undefined) return running === true ? [`${name} runs, and is said to be off`] : [];
  const why = detail === '' ? '' : `: ${detail}`;
  return running === null ? [`nobody can tell whether ${component} ${name} is off${why}`] : [];
}

/** The others listen for their own machine only, so that their addresses mean nothing elsewhere. */
async function listeningFault(
  { context }: Subject,
  { name, component, urls, running, attested }: PlannedComponent,
): Promise<string[]> {
  // Every machine has its own: who listens there is of this one.
  if (attested !== undefined && isLoopbackOnly({ urls })) return [];
  if (component !== 'kube-apiserver' || running === true) return [];
  if (running === null && attested === undefined) return [];
  const looked = await Promise.all(
    urls
      .filter((url) => URL.canParse(url))
      .map(async (url) => ({ url, taken: await portIsOpen(url, context.clock) })),
  );
  const off = attested === undefined ? 'is off' : 'is said to be off';
  return looked.flatMap(({ url, taken }) =>
    taken ? [`something listens at ${url} of ${name}, which ${off}`] : [],
  );
}

const byHand =
  'have to be stopped by hand before the restore is run, and started by hand once it is finished';

const noServer = `parts of a control plane are described, and no kube-apiserver is described: the API servers ${byHand}`;

async function undescribedWords(subject: Subject): Promise<string[]> {
  const holds = await kubernetesIn(subject);
  if (holds === false) return [];
  return holds === true
    ? [
        `this is the data of Kubernetes, and no part of its control plane is described: its API servers ${byHand}`,
      ]
    : [`no control plane is described; if this etcd serves Kubernetes, its API servers ${byHand}`];
}
