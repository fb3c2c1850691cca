import { RestorePlan } from '@holdfast/model';
import { expect, test } from 'vitest';
import { componentSeen, fixedPlan, memberSeen } from '../testing/plan.ts';
import { render } from '../term/answer.ts';
import { planAnswer } from './plan.ts';

const view = { utc: true, style: (_: string, text: string) => text, now: new Date('2026-11-20T09:14:07Z') };
const inWay = (way: string): string[] => ['holdfast', 'restore', 'plan', '--way', way];
const commands = { run: ['holdfast', 'restore', 'run', '--plan', '/p.json'] };

test('found, lost, every step, and what cannot be undone', async () => {
  expect(await render(planAnswer(fixedPlan(), commands, '/p.json'), 'table', view)).toMatchInlineSnapshot(`
    "Restore r-20261120t091407z-a1b2c3 of cluster prod
      the quorum is lost; a snapshot was asked for

    Found
      MEMBER   PART                 ETCD             DATA       REVISION   WRITTEN   DIRECTORY
      m1       of the new cluster   stopped          readable   1200       3m ago    /var/lib/etcd
      m2       of the new cluster   stopped          damaged    -          -         /var/lib/etcd
      m3       former: off          cannot be seen   unknown    -          -         /var/lib/etcd
      ! m2: page 7 is reached twice
      ! m3 is off, says ops@bastion: its power is off. Nothing is done there: its data must be moved away before its etcd is ever started again

    The way
      way          snapshot: from a snapshot
      source       nightly-7, 20.0 KiB, revision 1000
      taken        2026-11-20 09:10:07 Z (4m ago)
      sha256       abababababababababababababababababababababababababababababababab
      strategy     all: every member is built from it
      token        prod-a1b2c3
      revisions    moved on by 1000000000, the old ones marked compacted, so that every watcher is told
      cluster id   f00dfeedf00dfeed (cdf818194e3a8c32 until now)
      revision     1000001000 afterwards
      skipped      P13 (its power is off)
      asked for    by ops@bastion, 2026-11-20 09:14:07 Z

    What is lost
      200 revisions: every change since 2026-11-20 09:10:07 Z (4m ago)
      objects: 3 made, 1 changed, 1 deleted since
        /registry/pods/default/web-1         made since, will be gone
        /registry/configmaps/kube-system/x   changed since, will be as before
        /registry/secrets/default/old        deleted since, will be back
        and 2 more
      compared with the data of m1

    Checked
      P13   skipped   reach       m3 cannot be reached; skipped because: its power is off
      P3    warned    freshness   200 revisions are lost
      passed: P1 P10

    What is done: 21 steps, about 23s
      Started
         1   lock    m1        claims the data directory for this restore and notes what runs there
         2   lock    m2
         3   check   cluster   makes the pre-flight checks again and refuses to go on where one fails
         4   guard   cluster   saves a safety snapshot from a member that still answers
         5   fetch   m1        puts the snapshot beside the data directory and compares its SHA-256
         6   fetch   m2
      Shutdown
         7   stop   m1   stops etcd and proves that it is stopped
         8   stop   m2
         9   keep   m1   renames \`member\` to \`member.pre-<id>\` and bars the name, so that no old etcd can start from it
        10   keep   m2
      Restore
        11   stage   m1   builds the new data directory beside the old one and verifies it
        12   stage   m2
        13   place   m1   renames the new data to \`member\`, with the owner, modes and labels of the old
        14   place   m2
      RestartCluster
        15   start   m1        starts etcd and proves that it runs from the new data
        16   start   m2
        17   agree   cluster   waits for a leader, then compares members, cluster id, alarms and HashKV with the plan
        18   probe   cluster   reads and writes through every member, and asks as a watcher of before the restore would
      Finished
        19   unlock   m1        gives the claim back; the old data stays until it is released
        20   unlock   m2
        21   save     cluster   saves a first snapshot of the restored cluster

    What can be undone
      Every step, which is done by itself when one fails. Afterwards the old data stays until \`holdfast restore release r-20261120t091407z-a1b2c3\`; before that \`holdfast restore rollback r-20261120t091407z-a1b2c3\` brings it back.

    hash   cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd

    Nothing was touched. The plan is in /p.json. This does exactly what it says:
      holdfast restore run --plan /p.json
    "
  `);
});

test('wide tells every check', async () => {
  const text = await render(planAnswer(fixedPlan(), commands, undefined), 'wide', view);
  expect(text).toContain('P10   passed    topology    2 members');
  expect(text).toContain('--out FILE keeps this very plan');
});

test('a replacement names the step from which there is only forward', async () => {
  const plan = fixedPlan({
    way: 'replace',
    source: { kind: 'quorum', size: 20_480, revision: 1200 },
    members: [memberSeen('m3')],
    token: null,
    bump: null,
    expected: { clusterId: null, revision: null },
    loss: { revisions: 0, since: null, objects: null, why: '' },
    skips: [],
    checks: [],
  });
  const text = await render(planAnswer(plan, commands, undefined), 'table', view);
  expect(text).toContain('From step 5 on there is only forward.');
  expect(text).toContain('What is lost\n  nothing\n');
  expect(text).not.toContain('token');
});

test('what cannot be told is said, with the reason', async () => {
  const loss = { revisions: null, since: null, objects: null, why: 'no data of any member is left' };
  const text = await render(planAnswer(fixedPlan({ loss }), commands, undefined), 'table', view);
  expect(text).toContain(
    'What is lost\n  how many revisions cannot be told\n  which objects that are cannot be told\n  no data of any member is left\n',
  );
});

test('machines get the plan itself, which is a whole one', async () => {
  const plan = fixedPlan();
  const json: unknown = JSON.parse(await render(planAnswer(plan, commands, undefined), 'json', view));
  expect(RestorePlan.parse(json)).toEqual(plan);
});

test('a name from elsewhere cannot redraw the screen', async () => {
  const plan = fixedPlan({ why: 'up\u001b[2J\u001b[1A' });
  expect(await render(planAnswer(plan, commands, undefined), 'table', view)).not.toContain('\u001b');
});

test('the other ways are shown with the flag that asks for them, and with what they would lose', async () => {
  const { loss } = fixedPlan();
  const plan = fixedPlan({
    otherWays: [
      { way: 'snapshot', of: 'nightly-7', why: 'what was written after it is lost', revision: 1000, loss },
      { way: 'start', of: 'm1', why: 'it is only stopped', revision: 1200, loss: null },
    ],
  });
  const text = await render(planAnswer(plan, { ...commands, inWay }, undefined), 'table', view);
  expect(text).toContain(`
Other ways
  --way snapshot  nightly-7 at revision 1000; what was written after it is lost
    lost: 200 revisions: every change since 2026-11-20 09:10:07 Z (4m ago)
    objects: 3 made, 1 changed, 1 deleted since
    compared with the data of m1
    holdfast restore plan --way snapshot
  start  m1 at revision 1200; it is only stopped
`);
  const read = await render(planAnswer(plan, commands, '/p.json'), 'table', view);
  expect(read).toContain('compared with the data of m1\n  start  m1');
});

test('the parts of the control plane are shown with their state, and are stopped first and started last', async () => {
  const controlPlane = [
    componentSeen('api-1', 'kube-apiserver', { running: true }),
    componentSeen('manager-1', 'kube-controller-manager', { running: false }),
    componentSeen('scheduler-1', 'kube-scheduler', { running: null, detail: 'it lives elsewhere' }),
    componentSeen('api-2', 'kube-apiserver', {
      running: null,
      attested: { by: 'ops@bastion', reason: 'its power is off' },
    }),
  ];
  const plan = fixedPlan({ controlPlane });
  const text = await render(planAnswer(plan, commands, undefined), 'table', view);
  expect(text.split('\n\n').find((part) => part.startsWith('Control plane'))).toMatchInlineSnapshot(`
    "Control plane
      NAME          COMPONENT                 STATE            LISTENS                    RUN BY
      api-1         kube-apiserver            runs             https://api-1:6443         api-1.service
      manager-1     kube-controller-manager   stopped          https://manager-1:6443     manager-1.service
      scheduler-1   kube-scheduler            cannot be seen   https://scheduler-1:6443   scheduler-1.service
      api-2         kube-apiserver            cannot be seen   https://api-2:6443         api-2.service
      ! scheduler-1: it lives elsewhere
      ! api-2 is off, says ops@bastion: its power is off. Nothing is done there: start it after the restore, by hand"
  `);
  expect(text).toContain('Every step. That is done by itself when one before step 22 fails; from then on');
  const rows = text.split('\n').flatMap((line) => /^ +\d+ {3}((?:halt|serve) +\S+)/.exec(line)?.[1] ?? []);
  expect(rows.map((row) => row.replace(/ +/, ' '))).toEqual([
    'halt scheduler-1',
    'halt manager-1',
    'halt api-1',
    'serve api-1',
    'serve manager-1',
    'serve scheduler-1',
  ]);
});

test('what changes besides the data is shown with its difference, and what is left to a person', async () => {
  const version = { at: 'api-1', kind: 'version', absent: false, from: 'v1.35.2', to: 'v1.34.1' } as const;
  const plan = fixedPlan({
    scope: 'all',
    wanted: { version: 'v1.34.1', companions: { node: 'cp-1', sha256: 'ab'.repeat(32) } },
    changes: [
      {
        ...{ ...version, what: 'kube-apiserver', path: '/etc/kubernetes/manifests/kube-apiserver.yaml' },
        ...{ how: 'manifest', applies: true, why: '', diff: null },
      },
      {
        ...{ at: 'api-1', kind: 'file', what: 'it is needed', path: '/etc/audit.yaml', from: null, to: null },
        ...{ absent: false, how: 'file', applies: true, why: '' },
        diff: '--- /etc/audit.yaml\n+++ /etc/audit.yaml\n@@ -1,1 +1,1 @@\n-level: None\n+token: ***\n',
      },
      {
        ...{ ...version, what: 'kubelet', path: '/usr/bin/kubelet' },
        ...{ how: 'binary', applies: false, why: 'install it', diff: null },
      },
    ],
  });
  const text = await render(planAnswer(plan, commands, undefined), 'table', view);
  expect(text.split('\n\n').find((each) => each.startsWith('What changes besides'))).toMatchInlineSnapshot(`
    "What changes besides
      scope all: Kubernetes v1.34.1 and the configuration that was saved on cp-1
      api-1: kube-apiserver v1.35.2 -> v1.34.1, /etc/kubernetes/manifests/kube-apiserver.yaml
      api-1: /etc/audit.yaml (it is needed)
        @@ -1,1 +1,1 @@
        -level: None
        +token: ***
      not changed, and left to a person:
      api-1: kubelet v1.35.2 -> v1.34.1, /usr/bin/kubelet
        ! install it"
  `);
});
