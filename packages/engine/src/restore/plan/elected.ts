import { oldCluster } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { FoundMember } from './sight.ts';

/** Milliseconds between two looks at members that elect a leader. */
const lookAgainMs = 500;

/** Waits between them: etcd elects within a few of its election timeouts, of a second each unless it is told otherwise. */
const waits = 10;

/**
 * Looks at the members until they have a leader, where enough of them run to elect one: during an election, as after
 * every start, they look like members that can do no more.
 *
 * @throws as `look`; the signal's reason
 */
export async function onceElected(
  { clock, signal }: VerbContext,
  look: () => Promise<FoundMember[]>,
): Promise<FoundMember[]> {
  let members = await look();
  // A look at long logs takes its time, and an election goes on meanwhile.
  const until = clock.monotonic() + waits * lookAgainMs;
  for (let waited = 0; waited < waits && clock.monotonic() < until && mayElect(members); waited += 1) {
    await clock.sleep(lookAgainMs, signal);
    members = await look();
  }
  return members;
}

/** An etcd that has no leader since its start does not answer yet. */
function mayElect(members: readonly FoundMember[]): boolean {
  if (members.some(({ sight }) => sight.inQuorum)) return false;
  const old = oldCluster(members);
  const running = members.filter(({ sight }) => sight.running === true || sight.answers);
  return running.filter((each) => old.hasVote(each)).length >= old.quorum;
}
