import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INGRESS } from '../test/fakes/ingress.ts';
import { mintToken } from './mint-token.ts';
import type { Story } from './story.ts';
import type { World } from './world.ts';

const TOKEN_LIFETIME = 3600;

/** Commands to try while `--stay` keeps the demo running. Writes the tokens that they use, good for one hour. */
export async function byHand(story: Story, world: World): Promise<string> {
  const { folder, envoy, behalf } = world;
  for (const name of ['alice', 'bob']) {
    const token = await mintToken(story, name, world.signers, TOKEN_LIFETIME);
    writeFileSync(join(folder, `${name}.jwt`), token, { mode: 0o600 });
  }
  const port = envoy.port(INGRESS);
  const curl = (agent: string, token: string, target: string) => {
    const host = target.slice(0, target.indexOf('/'));
    return [
      "curl -i --noproxy '*' --cacert ca.pem",
      `--resolve ${host}:${port}:127.0.0.1`,
      agent && `--cert ${agent}.pem --key ${agent}.key`,
      token && `-H "authorization: Bearer $(cat ${token}.jwt)"`,
      `https://${host}:${port}${target.slice(host.length)}`,
    ]
      .filter(Boolean)
      .join(' ');
  };
  return `cd ${folder}

# Alice's procurement agent reads an EMEA invoice: allowed
${curl('procurement', 'alice', 'erp.acme.example/v1/regions/emea/invoices/42')}

# ... and one of APAC, where nobody granted it anything: denied
${curl('procurement', 'alice', 'erp.acme.example/v1/regions/apac/invoices/42')}

# Another agent with Alice's token, and nobody at all: denied
${curl('reporting', 'alice', 'erp.acme.example/v1/regions/emea/invoices/42')}
${curl('', '', 'erp.acme.example/v1/regions/emea/invoices/42')}

# Why? The decision records, newest last
tail -n 4 ${behalf.recordsFile.slice(folder.length + 1)}

# What Behalf counts, what Envoy counts, what Envoy logs
curl -s --noproxy '*' ${behalf.admin}/metrics
curl -s --noproxy '*' '${envoy.admin}/stats?filter=ext_authz'
tail -n 4 ${envoy.accessLogFile.slice(folder.length + 1)}`;
}
