/** A resource as Kubernetes names it in an EncryptionConfiguration; the group of core resources is empty. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** As `secrets` or `deployments.apps`. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** Where the folder's name is not the resource's: kept from before 1.0, or no resource of the API at all. */
const ownFolders: Readonly<Record<string, GroupResource>> = {
  'services/specs': { group: '', resource: 'services' },
  'services/endpoints': { group: '', resource: 'endpoints' },
  minions: { group: '', resource: 'nodes' },
  controllers: { group: '', resource: 'replicationcontrollers' },
  ingress: { group: 'networking.k8s.io', resource: 'ingresses' },
  podsecuritypolicy: { group: 'policy', resource: 'podsecuritypolicies' },
  'ranges/serviceips': { group: '', resource: 'serviceipallocations' },
  'ranges/servicenodeports': { group: '', resource: 'servicenodeportallocations' },
  masterleases: { group: '', resource: 'apiServerIPInfo' },
  peerserverleases: { group: '', resource: 'peerServerIPInfo' },
};

/** Built-in resources outside the core group; their keys do not hold the group. */
const builtIn: Readonly<Record<string, string>> = {
  apps: 'controllerrevisions daemonsets deployments replicasets statefulsets',
  batch: 'cronjobs jobs',
  autoscaling: 'horizontalpodautoscalers',
  policy: 'poddisruptionbudgets',
  'networking.k8s.io': 'ingressclasses ipaddresses networkpolicies servicecidrs',
  'rbac.authorization.k8s.io': 'clusterrolebindings clusterroles rolebindings roles',
  'storage.k8s.io':
    'csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses',
  'scheduling.k8s.io': 'podgroups priorityclasses workloads',
  'node.k8s.io': 'runtimeclasses',
  'discovery.k8s.io': 'endpointslices',
  'coordination.k8s.io': 'leasecandidates leases',
  'flowcontrol.apiserver.k8s.io': 'flowschemas prioritylevelconfigurations',
  'admissionregistration.k8s.io':
    'mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations ' +
    'validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations',
  'certificates.k8s.io': 'certificatesigningrequests clustertrustbundles podcertificaterequests',
  'resource.k8s.io': 'deviceclasses devicetaintrules resourceclaims resourceclaimtemplates resourceslices',
  'internal.apiserver.k8s.io': 'storageversions',
  'storagemigration.k8s.io': 'storageversionmigrations',
};

const groupOf = new Map(
  Object.entries(builtIn).flatMap(([group, resources]) =>
    resources.split(' ').map((resource) => [resource, group] as const),
  ),
);

/**
 * The resource that is kept under an etcd key, or undefined where the key is not below `prefix` (`--etcd-prefix`, as
 * `/registry`). Layout: `<prefix>/<resource>/…` for what is built in, `<prefix>/<group>/<resource>/…` for custom resources,
 * CustomResourceDefinitions and APIServices (k8s.io/apiserver, `ResourcePrefix` of the storage factory).
 */
export function resourceOfKey(key: string, prefix: string): GroupResource | undefined {
  if (!key.startsWith(`${prefix}/`)) return undefined;
  const [first = '', second = ''] = key.slice(prefix.length + 1).split('/', 2);
  const own = ownFolders[first] ?? ownFolders[`${first}/${second}`];
  if (own !== undefined) return own;
  if (first.includes('.')) return { group: first, resource: second };
  return { group: groupOf.get(first) ?? '', resource: first };
}
