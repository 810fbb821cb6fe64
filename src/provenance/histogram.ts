import type { Histogram as HistogramValue } from '@opentelemetry/sdk-metrics';

/** A histogram with fixed bounds, in the unit of its metric; its value is OpenTelemetry's, ready for an exporter. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    // A bound belongs to its bucket; the last bucket is for what is above every bound.
    const found = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = found === -1 ? this.#bounds.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count += 1;
    this.#sum += value;
  }

  get value(): HistogramValue {
    const buckets = { boundaries: [...this.#bounds], counts: [...this.#counts] };
    return { buckets, count: this.#count, sum: this.#sum };
  }
}
