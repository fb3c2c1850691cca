import { expect, test } from 'vitest';
import { execStartOf } from './join-drop-in.ts';
import { serviceOf } from './run-of.ts';

test.each([
  ['0::/system.slice/etcd.service\n', 'etcd.service'],
  ['4:memory:/other.service\n1:name=systemd:/system.slice/etcd@a.service\n0::/\n', 'etcd@a.service'],
  ['0::/user.slice/user-0.slice/user@0.service/app.slice/etcd.service\n', undefined],
  ['0::/user.slice/user-0.slice/session-3.scope\n', undefined],
  ['0::/kubepods/pod1/abc\n', undefined],
  ['', undefined],
])('the service of the cgroups %j', (cgroups, service) => {
  expect(serviceOf(cgroups)).toBe(service);
});

test.each([
  ['# /lib/etcd.service\n[Service]\nExecStart=/usr/bin/etcd $ARGS\n', '/usr/bin/etcd $ARGS'],
  [
    '[Service]\nExecStart=/usr/bin/etcd \\\n  --name=a \\\n  --data-dir=/d\nRestart=always\n',
    '/usr/bin/etcd  --name=a  --data-dir=/d',
  ],
  ['[Service]\nExecStart=/a\n\n# /etc/x.conf\n[Service]\nExecStart=\nExecStart=/b\n', '/b'],
  [
    '[Service]\nExecStart=/a\n# /etc/systemd/system/e.service.d/zzz-holdfast-join.conf\n[Service]\nExecStart=\nExecStart=/a x\n',
    '/a',
  ],
  ['[Service]\nExecStart=/a\nExecStart=/b\n', undefined],
  ['[Service]\nExecStartPre=/a\n', undefined],
])('the command of %j', (files, command) => {
  expect(execStartOf(files)).toBe(command);
});
