/** What makes editors, OPA and Git understand a policy folder. */

/** What the bundle may define: it can take nobody else's place. */
export const MANIFEST = '{ "roots": ["behalf"] }\n';

export const REGAL = `# Regal (https://www.openpolicyagent.org/projects/regal) shows in the editor which builtins do not exist here.
capabilities:
  from:
    file: capabilities.json
ignore:
  files:
    - lib/*
`;

export const VSCODE = `${JSON.stringify(
  {
    'opa.roots': ['${workspaceFolder}'],
    'opa.strictMode': true,
    'opa.checkOnSave': true,
    'opa.schema': '${workspaceFolder}/schema/policy-input.schema.json',
    'yaml.schemas': {
      './schema/policy-suite.schema.json': ['*_suite.yaml'],
      './schema/policy-input.schema.json': ['fixtures/*.yaml'],
    },
  },
  null,
  2,
)}\n`;

/** Bundles are built, live one and candidate alike; a signing key must never be committed. */
export const GIT_IGNORE = '*.tar.gz\n*.key\n';

export const README = `# A policy for Behalf

1. \`behalf policy test --watch\` runs the tests and the suite after each save.
2. \`behalf policy eval --bundle . -i fixtures/read.yaml\` shows what one request comes to.
3. \`behalf policy check\` finds what production would refuse, or decide wrongly.
4. \`behalf policy bench --bundle . -i fixtures/read.yaml\` shows what a decision costs.
5. \`behalf policy build -o bundle.tar.gz --revision "$(git rev-parse --short HEAD)"\` makes what \`policy.bundle\` names.
`;
