import { describe, expect, test } from 'vitest';
import { etcdSettings } from './etcd-settings.ts';

const noFile = async (): Promise<string> => Promise.reject(new Error('no file was named'));

describe('the settings of an etcd', () => {
  test('are its own defaults where nothing is said', async () => {
    expect(await etcdSettings([], {}, noFile)).toEqual({
      name: 'default',
      dataDir: 'default.etcd',
      walDir: undefined,
      peerUrls: ['http://localhost:2380'],
      clientUrls: ['http://localhost:2379'],
    });
  });

  test.each([
    [['--data-dir', '/d']],
    [['--data-dir=/d']],
    [['-data-dir', '/d']],
    [['-data-dir=/d']],
    [['--data-dir=/old', '--strict-reconfig-check', '--data-dir=/d']],
    [['--data-dir=/d', '--', '--data-dir=/x']],
  ])('are read from flags as Go reads them: %j', async (args) => {
    expect(await etcdSettings(args, {}, noFile)).toMatchObject({ dataDir: '/d' });
  });

  test('come from a flag before its variable', async () => {
    const environment = {
      ETCD_NAME: 'a',
      ETCD_DATA_DIR: '/a',
      ETCD_ADVERTISE_CLIENT_URLS: 'http://a:1,http://b:2',
    };
    expect(await etcdSettings(['--name=b'], environment, noFile)).toMatchObject({
      name: 'b',
      dataDir: '/a',
      clientUrls: ['http://a:1', 'http://b:2'],
    });
  });

  test('come from the configuration file alone where one is named', async () => {
    const yaml = `# etcd\nname: 'f'\ndata-dir: "/f"  # here\nwal-dir:\nadvertise-client-urls: http://f:1 # x\nlog-outputs: [stderr]\n`;
    const settings = await etcdSettings(
      ['--config-file=/c', '--data-dir=/d'],
      { ETCD_WAL_DIR: '/w' },
      async () => yaml,
    );
    expect(settings).toMatchObject({
      name: 'f',
      dataDir: '/f',
      walDir: undefined,
      clientUrls: ['http://f:1'],
    });
  });
});
