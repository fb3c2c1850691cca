import type { Attestation, PlannedStep } from '@holdfast/model';
import type { Placement } from '@holdfast/model/fleet';

/**
 * A machine that is gone took with it all that it carried: who vouches for a member vouches for the API server beside it too,
 * as far as the restore does anything with it.
 */
export function withRestOfMachine(
  attest: readonly Attestation[],
  placement: Placement,
  steps: readonly PlannedStep[],
): Attestation[] {
  const named = new Set(attest.map(({ member }) => member));
  const rest = attest.flatMap(({ member, reason }) =>
    Object.keys(placement)
      .filter((name) => placement[name] === placement[member] && !named.has(name))
      .filter((name) => steps.some((step) => step.member === name))
      .map((name) => ({ member: name, reason })),
  );
  return [...attest, ...new Map(rest.map((each) => [each.member, each])).values()];
}
