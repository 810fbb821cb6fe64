import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Collector, startCollector } from '../../test/fakes/collector.ts';
import { CANARY, fullTrail } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import { createProvenance, type Provenance } from './provenance.ts';

const SPANS_PER_CHECK = 3;
const lines: string[] = [];
const log = createLog({ sink: { write: (line) => void lines.push(line) } });
const open: Collector[] = [];

async function collecting(protocol: 'http' | 'grpc' = 'http', port = 0): Promise<Collector> {
  const collector = await startCollector(protocol, port);
  open.push(collector);
  return collector;
}

/** Everything is quick, so that a test sees in a blink what takes seconds at the defaults. */
function exportingTo(collector: Collector, variables: Record<string, string> = {}): Provenance {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    OTEL_BSP_SCHEDULE_DELAY: '10',
    ...variables,
  };
  for (const [name, value] of Object.entries(env)) {
    vi.stubEnv(name, value);
  }
  return createProvenance({ records: 'none', traces: 'otlp', subject: 'plain' }, log);
}

function check(provenance: Provenance, times: number): void {
  for (let i = 0; i < times; i += 1) {
    provenance.record(fullTrail());
  }
}

afterEach(async () => {
  vi.unstubAllEnvs();
  lines.length = 0;
  await Promise.all(open.splice(0).map((collector) => collector.close()));
});

describe('spans over OTLP', () => {
  it.each(['http', 'grpc'] as const)('reach the collector over %s', async (protocol) => {
    const collector = await collecting(protocol);
    const variables: Record<string, string> = protocol === 'grpc' ? { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } : {};
    const provenance = exportingTo(collector, variables);
    check(provenance, 2000);
    await vi.waitFor(() => expect(collector.spans).toBe(2000 * SPANS_PER_CHECK), 5000);
    expect(provenance.state.spans).toEqual({ dropped: 0, failure: undefined });
    expect(Buffer.concat(collector.bodies).includes(CANARY)).toBe(false);
    expect(Buffer.concat(collector.bodies).includes('behalf.decision.id')).toBe(true);
  });

  it('refuses a protocol that we do not speak, and says what to use', () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
    const config = { records: 'none', traces: 'otlp', subject: 'plain' } as const;
    expect(() => createProvenance(config, log)).toThrow(/OTEL_EXPORTER_OTLP_PROTOCOL.*http\/protobuf or grpc/);
  });

  it('tells of a variable that cannot be used', () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'not an address');
    createProvenance({ records: 'none', traces: 'otlp', subject: 'plain' }, log);
    expect(lines.join('')).toContain('OTEL_EXPORTER_OTLP_');
  });
});

describe('a collector that misbehaves', () => {
  it.each(['stall', 'refuse', 'reset'] as const)(
    'by %s costs its spans, which are counted, and gets the next ones when it is well again (threats T01)',
    async (mode) => {
      const collector = await collecting();
      collector.mode = mode;
      const provenance = exportingTo(collector);
      check(provenance, 10);
      await vi.waitFor(() => expect(provenance.state.spans.dropped).toBe(10 * SPANS_PER_CHECK), 5000);
      expect(provenance.state.spans.failure).toBeTypeOf('string');
      collector.mode = 'take';
      check(provenance, 20);
      await vi.waitFor(() => expect(collector.spans).toBe(20 * SPANS_PER_CHECK), 5000);
      await vi.waitFor(() => expect(provenance.state.spans.failure).toBeUndefined());
      expect(provenance.state.spans.dropped).toBe(10 * SPANS_PER_CHECK);
      expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['error', 'warn']);
    },
  );

  it.each(['http', 'grpc'] as const)(
    'by being away gets spans when it is back, over %s (threats T01)',
    async (protocol) => {
      const gone = await startCollector(protocol);
      const port = Number(new URL(gone.endpoint).port);
      await gone.close();
      const variables: Record<string, string> = protocol === 'grpc' ? { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } : {};
      const provenance = exportingTo(gone, variables);
      check(provenance, 1);
      await vi.waitFor(() => expect(provenance.state.spans.dropped).toBe(SPANS_PER_CHECK), 5000);
      const back = await collecting(protocol, port);
      await vi.waitFor(
        () => {
          check(provenance, 1);
          expect(back.spans).toBeGreaterThan(0);
        },
        { timeout: 8000, interval: 100 },
      );
    },
  );

  it('does not make us keep more than the queue holds; every span that is lost is counted (threats T02)', async () => {
    const collector = await collecting();
    collector.mode = 'stall';
    const provenance = exportingTo(collector, { OTEL_BSP_MAX_QUEUE_SIZE: '30' });
    check(provenance, 100);
    expect(provenance.state.spans.dropped).toBe(100 * SPANS_PER_CHECK - 30);
    await vi.waitFor(() => expect(provenance.state.spans.dropped).toBe(100 * SPANS_PER_CHECK), 5000);
    expect(provenance.metricsText()).toContain(`behalf_spans_dropped_total ${100 * SPANS_PER_CHECK}\n`);
  });

  it('does not hold up a shutdown, which counts what it leaves behind (threats T03)', async () => {
    const collector = await collecting();
    collector.mode = 'stall';
    const provenance = exportingTo(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: '60000' });
    check(provenance, 10);
    await provenance.shutdown();
    expect(provenance.state.spans.dropped).toBe(10 * SPANS_PER_CHECK);
  });

  it('never learns the log our headers (threats T07)', async () => {
    const collector = await collecting();
    collector.mode = 'refuse';
    const provenance = exportingTo(collector, { OTEL_EXPORTER_OTLP_HEADERS: `authorization=${CANARY}` });
    check(provenance, 1);
    await vi.waitFor(() => expect(provenance.state.spans.failure).toBeTypeOf('string'), 5000);
    expect(lines.join('')).not.toContain(CANARY);
  });
});

describe('a shutdown', () => {
  it('exports what is held, also what is not a full batch', async () => {
    const collector = await collecting();
    const provenance = exportingTo(collector, { OTEL_BSP_SCHEDULE_DELAY: '60000' });
    check(provenance, 10);
    await provenance.shutdown();
    expect(collector.spans).toBe(10 * SPANS_PER_CHECK);
    check(provenance, 1);
    expect(provenance.state.spans.dropped).toBe(SPANS_PER_CHECK);
  });
});
