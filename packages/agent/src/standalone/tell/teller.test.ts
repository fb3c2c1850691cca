import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretAddress } from '@holdfast/engine';
import { makeCertificates, testReceiver, type TestReceiver } from '@holdfast/test-servers';
import { expect, onTestFinished, test } from 'vitest';
import type { DaemonState } from '../state.ts';
import { parseListen } from './listen-address.ts';
import { Teller, type TellerOptions } from './teller.ts';
import { began, hour, newestAt, ranAt, TestClock, testPolicy, testState } from './test-world.ts';

const down = { code: 's3-unreachable', why: 'connect ECONNREFUSED' };
const { jobs } = testState().policies['prod']!;

/** A teller whose daemon keeps its alerts as a disk would. */
class World {
  readonly clock = new TestClock();
  readonly lines: string[] = [];
  alerts: DaemonState['alerts'] = {};
  readonly teller: Teller;

  constructor(options: Partial<TellerOptions>) {
    this.teller = new Teller({
      node: 'cp-1',
      version: '1.2.3',
      clock: this.clock,
      log: ({ text }) => this.lines.push(text),
      listen: undefined,
      webhook: undefined,
      heartbeat: undefined,
      systemd: { socket: undefined, watchdogMs: undefined },
      ...options,
    });
    onTestFinished(() => this.teller.stop());
  }

  async start(): Promise<this> {
    await this.teller.start({
      remember: async (alerts) => {
        this.alerts = structuredClone(alerts);
      },
    });
    return this;
  }

  async look(state: DaemonState, policies = [testPolicy()]): Promise<void> {
    await this.teller.observe({
      state: { ...state, alerts: this.alerts },
      policies,
      now: this.clock.now(),
      running: [],
    });
  }
}

const well = testState({ newest: { nas: newestAt(0) }, jobs: { ...jobs, save: ranAt(0) } });
const failing = testState({ newest: { nas: newestAt(0) }, jobs: { ...jobs, save: ranAt(0.05, down) } });

const told = ({ received }: TestReceiver): string[] =>
  received.flatMap(({ body }) =>
    (JSON.parse(body) as { alerts: { status: string; labels: { alertname: string } }[] }).alerts.map(
      ({ status, labels }) => `${labels.alertname} ${status}`,
    ),
  );

test('a notice is posted once when an alert begins and once when it ends', async () => {
  await using receiver = await testReceiver();
  const world = await new World({ webhook: secretAddress(`${receiver.url}/T0/hush`, 'a file') }).start();
  await world.look(well);
  world.clock.ms = hour(1).getTime();
  for (let times = 0; times < 3; times++) await world.look(failing);
  world.clock.ms = hour(2).getTime();
  for (let times = 0; times < 3; times++) await world.look(well);
  expect(told(receiver)).toEqual(['save-failed firing', 'save-failed resolved']);
  const [first, second] = receiver.received;
  expect(first).toMatchObject({
    method: 'POST',
    path: '/T0/hush',
    headers: { 'content-type': 'application/json' },
  });
  expect(first!.headers['idempotency-key']).not.toBe(second!.headers['idempotency-key']);
  expect(JSON.parse(first!.body)).toMatchInlineSnapshot(`
    {
      "alerts": [
        {
          "annotations": {
            "cause": "connect ECONNREFUSED (s3-unreachable)",
            "remedy": "Check the endpoint, the name server, firewalls, and the proxy (HTTPS_PROXY and NO_PROXY count, unless one is set).",
            "summary": "The last save of policy prod failed.",
          },
          "endsAt": "0001-01-01T00:00:00Z",
          "fingerprint": "29db1c8ddf8b0584",
          "generatorURL": "",
          "id": "691638b8b5b40f69408ae8cabe8a95f6",
          "labels": {
            "alertname": "save-failed",
            "node": "cp-1",
            "policy": "prod",
            "severity": "warning",
          },
          "startsAt": "2026-03-01T00:03:00.000Z",
          "status": "firing",
        },
      ],
      "apiVersion": "holdfast.dev/v1",
      "commonAnnotations": {},
      "commonLabels": {
        "node": "cp-1",
      },
      "externalURL": "",
      "groupKey": "holdfast/cp-1",
      "groupLabels": {
        "node": "cp-1",
      },
      "holdfastVersion": "1.2.3",
      "kind": "AlertNotice",
      "node": "cp-1",
      "receiver": "holdfast",
      "status": "firing",
      "text": "[warning] cp-1: The last save of policy prod failed. Cause: connect ECONNREFUSED (s3-unreachable). Check the endpoint, the name server, firewalls, and the proxy (HTTPS_PROXY and NO_PROXY count, unless one is set).",
      "truncatedAlerts": 0,
      "version": "4",
    }
  `);
  expect(JSON.parse(second!.body)).toMatchObject({
    status: 'resolved',
    text: '[ended] cp-1: The last save of policy prod failed. It was so from 2026-03-01T00:03:00.000Z to 2026-03-01T02:00:00.000Z.',
    alerts: [{ endsAt: '2026-03-01T02:00:00.000Z' }],
  });
  expect(world.alerts).toEqual({});
});

test('a receiver that is down loses nothing: it is tried again, less and less often, and told in turn', async () => {
  await using receiver = await testReceiver();
  receiver.answer = () => 503;
  const world = await new World({ webhook: secretAddress(receiver.url, 'a file') }).start();
  await world.look(failing);
  await world.look(failing);
  expect(receiver.received).toHaveLength(1);
  world.clock.ms += 30_000;
  await world.look(failing);
  world.clock.ms += 30_000;
  await world.look(well);
  expect(receiver.received).toHaveLength(2);
  receiver.answer = () => 204;
  world.clock.ms += 30_000;
  receiver.received.length = 0;
  await world.look(well);
  expect(told(receiver)).toEqual(['save-failed firing', 'save-failed resolved']);
  expect(world.lines).toEqual([
    'the webhook takes no notice: it answers with status 503; tried again in 30s',
    'the webhook takes no notice: it answers with status 503; tried again in 1m00s',
    'the webhook takes notices again',
  ]);
});

test('what was told before a kill is not told again, and what was not is', async () => {
  await using receiver = await testReceiver();
  const webhook = secretAddress(receiver.url, 'a file');
  const first = await new World({ webhook }).start();
  await first.look(failing);
  const second = new World({ webhook });
  second.alerts = first.alerts;
  await second.start();
  await second.look(failing);
  expect(told(receiver)).toEqual(['save-failed firing']);
  receiver.answer = () => 500;
  await second.look(well);
  const third = new World({ webhook });
  third.alerts = second.alerts;
  receiver.answer = () => 200;
  await third.start();
  await third.look(well);
  expect(told(receiver)).toEqual(['save-failed firing', 'save-failed resolved', 'save-failed resolved']);
  expect(third.alerts).toEqual({});
});

test('a receiver that redirects is not followed, one that is silent is left, and no line holds the address', async () => {
  await using elsewhere = await testReceiver();
  await using receiver = await testReceiver();
  receiver.answer = (_, response) => {
    response.writeHead(302, { location: `${elsewhere.url}/stolen` }).end();
    return undefined;
  };
  const world = await new World({
    webhook: secretAddress(`${receiver.url}/T0/hush?token=hush`, 'a file'),
    heartbeat: secretAddress('https://user:hush@127.0.0.1:1/hush', 'a file'),
  }).start();
  await world.look(well);
  await world.look(failing);
  receiver.answer = () => undefined;
  world.clock.ms += 60_000;
  await world.look(failing);
  expect(elsewhere.received).toEqual([]);
  expect(world.lines.toSorted()).toEqual([
    'the heartbeat of prod is not taken: connect ECONNREFUSED; tried again in 1m00s',
    'the heartbeat of prod is not taken: connect ECONNREFUSED; tried again in 30s',
    'the webhook takes no notice: it answers with status 302, and redirects are not followed; tried again in 30s',
    'the webhook takes no notice: no answer within 10 s; tried again in 1m00s',
  ]);
});

test('a receiver with a certificate of its own is trusted by the CA that is given, and not without', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-teller-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { cacert, serverCert, serverKey } = await makeCertificates(folder);
  const [ca, ...tls] = [cacert, serverKey, serverCert].map((file) => readFileSync(file, 'utf8'));
  await using receiver = await testReceiver({ key: tls[0]!, cert: tls[1]! });
  const stranger = await new World({ webhook: secretAddress(receiver.url, 'a file') }).start();
  await stranger.look(failing);
  expect(stranger.lines).toEqual([
    expect.stringMatching(/: (UNABLE_TO|SELF_SIGNED)\S*; tried again in 30s$/),
  ]);
  const world = await new World({ webhook: secretAddress(receiver.url, 'a file', ca) }).start();
  await world.look(failing);
  expect(told(receiver)).toEqual(['save-failed firing']);
});

test('an address that is none is refused without being repeated', () => {
  for (const text of ['hush', 'file:///hush', '', 'https://me:hush%zz@127.0.0.1/'])
    expect(() => secretAddress(text, 'HOLDFAST_WEBHOOK_URL')).toThrow(
      expect.objectContaining({ code: 'config-invalid', why: expect.not.stringContaining('hush') as string }),
    );
});

test('the heartbeat says of each save once whether it left a verified snapshot', async () => {
  await using receiver = await testReceiver();
  const heartbeat = secretAddress(`${receiver.url}/ping/{policy}?create=1`, 'a file');
  const world = await new World({ heartbeat }).start();
  const asked = (): string[] => receiver.received.splice(0).map(({ method, path }) => `${method} ${path}`);
  const saved = (at: number, changes = {}, failure: typeof down | null = null): DaemonState =>
    testState({ newest: { nas: newestAt(at, changes) }, jobs: { ...jobs, save: ranAt(at, failure) } });
  // What ended before this process began was told by the one before.
  await world.look(saved(1));
  expect(asked()).toEqual([]);
  await world.look(saved(2));
  await world.look(saved(2));
  expect(asked()).toEqual(['GET /ping/prod?create=1']);
  await world.look(saved(3, { verified: hour(2).toISOString() }));
  expect(asked()).toEqual(['GET /ping/prod/fail?create=1']);
  await world.look(saved(4, {}, down));
  expect(asked()).toEqual(['GET /ping/prod/fail?create=1']);
  receiver.answer = () => 500;
  await world.look(saved(5));
  expect(asked()).toEqual(['GET /ping/prod?create=1']);
  receiver.answer = () => 200;
  await world.look(saved(5));
  expect(asked()).toEqual([]);
  world.clock.ms += 30_000;
  await world.look(saved(5));
  expect(asked()).toEqual(['GET /ping/prod?create=1']);
});

/** Two policies of which each has saved at that hour. */
function bothSaved(at: number): DaemonState {
  const known = { newest: { nas: newestAt(at) }, jobs: { ...jobs, save: ranAt(at) } };
  const other = testState(known, {}, 'other').policies['other']!;
  const state = testState(known);
  return { ...state, policies: { ...state.policies, other } };
}

test('a heartbeat that is refused keeps back none of another policy', async () => {
  await using receiver = await testReceiver();
  receiver.answer = ({ path }) => (path.startsWith('/prod') ? 404 : 200);
  const world = await new World({ heartbeat: secretAddress(`${receiver.url}/{policy}`, 'a file') }).start();
  const policies = [testPolicy(), testPolicy({ name: 'other' })];
  await world.look(bothSaved(1), policies);
  await world.look(bothSaved(2), policies);
  expect(receiver.received.map(({ path }) => path)).toEqual(['/prod', '/other']);
  expect(world.lines).toEqual([
    'the heartbeat of prod is not taken: it answers with status 404; tried again in 30s',
  ]);
});

test('the pages tell how it goes, and end with the daemon', async () => {
  const world = await new World({ listen: parseListen('127.0.0.1:0') }).start();
  const page = async (path: string, method = 'GET'): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${world.teller.port}${path}`, { method });
    return [answer.status, await answer.text()];
  };
  expect(await page('/healthz')).toEqual([200, 'ok\n']);
  expect(await page('/readyz')).toEqual([503, 'the policies and what was done before are being read\n']);
  await world.look(well);
  expect(await page('/readyz')).toEqual([200, 'ok\n']);
  const [status, metrics] = await page('/metrics');
  expect(status).toBe(200);
  expect(metrics).toContain(
    'holdfast_snapshot_verified_timestamp_seconds{policy="prod",repository="nas"} 1772323200',
  );
  expect(await page('/metrics', 'HEAD')).toEqual([200, '']);
  expect(await page('/metrics', 'POST')).toEqual([405, 'only GET and HEAD\n']);
  expect(await page('/secrets')).toEqual([404, 'not found\n']);
  await world.look({ ...well, configuration: { readAt: began.toISOString(), refused: 'line 3' } });
  expect(await page('/readyz')).toEqual([
    503,
    'the policy file is refused, an older one is in use: line 3\n',
  ]);
  world.clock.ms += 121_000;
  expect(await page('/healthz')).toEqual([503, 'the loop has not turned for 121 s\n']);
  const other = new World({ listen: { host: '127.0.0.1', port: world.teller.port!, loopback: true } });
  await expect(other.start()).rejects.toMatchObject({ code: 'listener-failed' });
  await world.teller.stop();
  await expect(page('/healthz')).rejects.toThrow();
});

test('whoever listens on more than loopback says at which address, and is warned', async () => {
  expect(parseListen('localhost:9479')).toEqual({ host: '127.0.0.1', port: 9479, loopback: true });
  expect(parseListen('[::1]:0')).toEqual({ host: '::1', port: 0, loopback: true });
  expect(parseListen('0.0.0.0:80')).toMatchObject({ loopback: false });
  for (const text of [':9479', '9479', 'example.org:80', '127.0.0.1', '127.0.0.1:66000', '::1:80', ''])
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  const world = await new World({ listen: parseListen('0.0.0.0:0') }).start();
  expect(world.lines).toEqual([
    'the pages are served to whoever reaches this address: nobody is asked who they are',
  ]);
});

test('a client that is slow is left, and holds nobody up', async () => {
  const world = await new World({ listen: parseListen('127.0.0.1:0') }).start();
  const { port } = world.teller;
  const slow = connect({ port: port!, host: '127.0.0.1' });
  slow.write('GET /healthz HTTP/1.1\r\nHost: a\r\n');
  const left = new Promise((resolve) => {
    slow.on('error', () => undefined);
    slow.once('close', resolve);
    slow.resume();
  });
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await left;
});
