import { isFailure } from '@holdfast/base';
import type { ComponentDescription, PlannedComponent } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { ComponentSight } from '../node.ts';
import type { NodeOf } from '../ports.ts';

/** Parts of the control plane with what is to be seen of them now; nothing is changed. @throws the signal's reason */
export async function observeComponents<T extends ComponentDescription>(
  context: VerbContext,
  components: readonly T[],
  nodes: NodeOf,
): Promise<(T & Pick<PlannedComponent, 'running' | 'detail'>)[]> {
  return await Promise.all(
    components.map(async (component) => {
      const { running, detail } = await sightOf(context, component, nodes);
      return { ...component, running, detail };
    }),
  );
}

async function sightOf(
  { clock, signal }: VerbContext,
  component: ComponentDescription,
  nodes: NodeOf,
): Promise<ComponentSight> {
  try {
    return await nodes(component).observeComponent(component, { clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return { running: null, detail: error.why };
  }
}
