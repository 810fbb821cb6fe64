import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Issued, issueSvid } from '../test/fakes/ca.ts';
import { type Envoy, startEnvoy } from '../test/fakes/envoy.ts';
import { ingress } from '../test/fakes/ingress.ts';
import { type Issuer, startIssuer } from '../test/fakes/issuer.ts';
import { startUpstream, type Upstream } from '../test/fakes/upstream.ts';
import { type Behalf, startBehalf } from './behalf-process.ts';
import type { Signers } from './mint-token.ts';
import type { Story } from './story.ts';

/** Everything that the story needs, running on loopback ports that were free. */
export interface World {
  readonly folder: string;
  readonly ca: string;
  readonly certificates: ReadonlyMap<string, Issued>;
  readonly signers: Signers;
  readonly tools: Upstream;
  readonly behalf: Behalf;
  readonly envoy: Envoy;
  /** Stops every process. `keep` leaves the folder with logs and records. */
  stop(options: { readonly keep: boolean }): Promise<void>;
}

interface Stoppable {
  stop(): Promise<void>;
}

const ISSUER = 'https://idp.acme.example';
const TOOL_HOSTS = ['erp.acme.example', 'crm.acme.example'];

/**
 * Starts the certificate authority, the identity provider, the tools, Behalf and Envoy, in that order.
 * @param say called with one sentence per step
 * @throws after it stopped what had started
 */
export async function startWorld(story: Story, say: (step: string) => void): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-demo-'));
  const started: Stoppable[] = [];
  const run = async <T extends Stoppable>(step: string, start: () => Promise<T>): Promise<T> => {
    say(step);
    const part = await start();
    started.unshift(part); // stopped in reverse: Envoy before what it asks
    return part;
  };
  const stop = async ({ keep }: { keep: boolean }) => {
    for (const part of started.splice(0)) {
      await part.stop();
    }
    if (!keep) {
      rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    say('Making a certificate authority and the certificates of the agents');
    const { ca, server, certificates } = makeCertificates(story, folder);
    const trusted: Issuer = await run('Starting the identity provider', () => startIssuer(ISSUER));
    const stranger: Issuer = await run('Starting a stranger that claims to be it', () => startIssuer(ISSUER));
    const tools = await run('Starting the tools (an echo server)', startUpstream);
    const behalf = await run('Starting Behalf', () => startBehalf(folder, trusted.jwksUri));
    const config = ingress({ behalfPort: behalf.checkPort, toolsPort: tools.port, server, clientsCa: ca });
    const envoy = await run('Starting Envoy', () => startEnvoy(config, folder));
    return { folder, ca, certificates, signers: { trusted, stranger }, tools, behalf, envoy, stop };
  } catch (error) {
    await stop({ keep: false });
    throw error;
  }
}

/** Also writes them into the folder, for curl. */
function makeCertificates(story: Story, folder: string): Pick<World, 'ca' | 'certificates'> & { server: Issued } {
  const authority = createAuthority('Behalf demo CA');
  const certificates = new Map(
    Object.entries(story.certificates).map(([name, { uris = [], dns = [] }]) => {
      const issued = issueSvid(authority, { uris, dns });
      writeFileSync(join(folder, `${name}.pem`), issued.certificate);
      writeFileSync(join(folder, `${name}.key`), issued.key, { mode: 0o600 });
      return [name, issued];
    }),
  );
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  const server = issueSvid(authority, { uris: ['spiffe://prod.acme.example/ns/edge/sa/envoy'], dns: TOOL_HOSTS });
  return { ca: authority.certificate, server, certificates };
}
