import { Refusal } from '../refusals.ts';
import { deny } from './deny.ts';
import { encode } from './encode.ts';

/**
 * A denial that was encoded and proven when the process started: what leaves when everything else failed, the encoder
 * included (threats E02). It carries no decision id, because making one may be what failed.
 */
export const LAST_RESORT: Buffer = encode(
  deny({
    decisionId: '',
    refusal: new Refusal('internal_error', 'the answer could not be made'),
    isGrpc: false,
    detail: 'class',
  }),
);
