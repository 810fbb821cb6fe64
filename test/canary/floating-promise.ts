/**
 * This file is wrong on purpose: the promise below floats. scripts/check.js proves that the linter says so. A lost
 * promise in this project can fail open or lose a decision record, so the rule must never go blind.
 */
import { generateKeyPair } from 'jose';

export function lose(): void {
  generateKeyPair('ES256');
}
