import { isFailure } from '@holdfast/base';
import { isLoopbackOnly, type ComponentDescription, type PlannedComponent } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { ComponentSight } from '../node.ts';
import type { NodeOf } from '../ports.ts';

/**
 * Parts of the control plane with what is to be seen of them now; nothing is changed. One that a person vouches for and that
 * listens on loopback alone is on another machine: what is seen here is not it.
 *
 * @throws the signal's reason
 */
export async function observeComponents<T extends ComponentDescription & Pick<PlannedComponent, 'attested'>>(
  context: VerbContext,
  components: readonly T[],
  nodes: NodeOf,
): Promise<(T & Pick<PlannedComponent, 'running' | 'detail'>)[]> {
  return await Promise.all(
    components.map(async (component) => {
      const isElsewhere = component.attested !== undefined && isLoopbackOnly(component);
      const { running, detail } = isElsewhere ? elsewhere : await sightOf(context, component, nodes);
      return { ...component, running, detail };
    }),
  );
}

const elsewhere: ComponentSight = {
  running: null,
  detail: 'it listens on loopback only, which every machine has',
};

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
