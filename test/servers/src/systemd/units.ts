/** All the units of a machine: of its distribution's none may be seen. The targets are those that every service asks for. */
export const machineUnits: Readonly<Record<string, string>> = {
  'machine.target': `[Unit]
DefaultDependencies=no
Wants=systemd-journald.service
`,
  'sysinit.target': '[Unit]\nDefaultDependencies=no\n',
  'basic.target': '[Unit]\nDefaultDependencies=no\n',
  'shutdown.target': '[Unit]\nDefaultDependencies=no\n',
  'system.slice': '[Unit]\nDefaultDependencies=no\n',
  'systemd-journald.socket': `[Unit]
DefaultDependencies=no
[Socket]
ListenStream=/run/systemd/journal/stdout
ListenDatagram=/run/systemd/journal/socket
PassCredentials=yes
`,
  'systemd-journald.service': `[Unit]
DefaultDependencies=no
Requires=systemd-journald.socket
After=systemd-journald.socket
[Service]
Type=notify
ExecStart=/usr/lib/systemd/systemd-journald
StandardOutput=null
`,
};
