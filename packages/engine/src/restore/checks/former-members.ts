import { undescribed, type OldMember } from '@holdfast/model';
import { portIsOpen } from '../../doctor/port.ts';
import type { Subject } from './request.ts';

/** A member that the cluster had, and that no step of the plan stops. */
export interface FormerMember extends OldMember {
  /** Whether the description has its name, at another address. */
  readonly described: boolean;
}

/** The members that the plan does not stop. One that has moved is among them while its old address still answers. */
export async function formerMembersLeft({ plan, context }: Subject): Promise<FormerMember[]> {
  const { strangers, moved } = undescribed(plan.members);
  const open = await Promise.all(
    moved.map(async ({ peerUrls }) => {
      const looked = await Promise.all(
        peerUrls.filter((url) => URL.canParse(url)).map((url) => portIsOpen(url, context.clock)),
      );
      return looked.includes(true);
    }),
  );
  return [
    ...strangers.map((each) => ({ ...each, described: false })),
    ...moved.filter((_, i) => open[i]).map((each) => ({ ...each, described: true })),
  ];
}
