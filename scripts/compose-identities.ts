/**
 * What docker-compose.yml needs before it starts: `node scripts/compose-identities.ts FOLDER` writes the demo's
 * certificates, an issuer's keys, two tokens that last an hour, and a Behalf config that trusts them. For trying it
 * out: whoever reads the folder can be any of its agents.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { mintToken } from '../demo/mint-token.ts';
import { readStory } from '../demo/story.ts';
import { createAuthority, issueSvid } from '../test/fakes/ca.ts';
import { startIssuer } from '../test/fakes/issuer.ts';

const TOOL_HOSTS = ['erp.acme.example', 'crm.acme.example'];
const TOKEN_SECONDS = 3600;
const demo = (file: string) => fileURLToPath(new URL(`../demo/${file}`, import.meta.url));

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node scripts/compose-identities.ts FOLDER');
  process.exit(2);
}

const story = readStory();
const authority = createAuthority('Behalf demo CA');
// A day: the containers of an afternoon outlive the hour that a test needs.
const notAfter = new Date(Date.now() + 24 * 3600 * 1000);
mkdirSync(folder, { recursive: true });
write('clients.pem', authority.certificate);
writeIssued('server', issueSvid(authority, { dns: TOOL_HOSTS, notAfter }));
for (const [name, { uris = [], dns = [] }] of Object.entries(story.certificates)) {
  writeIssued(name, issueSvid(authority, { uris, dns, notAfter }));
}

const issuer = await startIssuer('https://idp.acme.example');
write('jwks.json', JSON.stringify(issuer.jwks()));
for (const name of ['alice', 'bob']) {
  write(`${name}.jwt`, await mintToken(story, name, { trusted: issuer, stranger: issuer }, TOKEN_SECONDS));
}
await issuer.stop();

const config = parseDocument(readFileSync(demo('behalf.yaml'), 'utf8'));
config.setIn(['issuers', 0, 'jwks'], config.createNode({ file: './jwks.json' }));
config.setIn(['policy', 'bundle'], '/app/policies/bundle.tar.gz');
write('behalf.yaml', config.toString());
copyFileSync(demo('matrix.yaml'), join(folder, 'matrix.yaml'));
console.log(`Certificates, keys and tokens are in ${folder}; the tokens last an hour.`);

function writeIssued(name: string, { certificate, key }: { certificate: string; key: string }): void {
  write(`${name}.pem`, certificate);
  write(`${name}.key`, key);
}

/** Readable for all: Envoy and Behalf run as other users than this. */
function write(name: string, text: string): void {
  writeFileSync(join(folder ?? '.', name), text, { mode: 0o644 });
}
