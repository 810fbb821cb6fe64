import { describe, expect, it } from 'vitest';
import { nullObject } from './null-object.ts';

describe('a null object', () => {
  it('has nothing that every other object has [J11]', () => {
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      expect(nullObject()[name]).toBeUndefined();
      expect(name in nullObject()).toBe(false);
    }
  });

  it('takes any name for a member, and hands it on as one [J11]', () => {
    const bag = nullObject<unknown>();
    bag['__proto__'] = { admin: true };
    bag['constructor'] = 1;
    expect(Object.keys(bag)).toEqual(['__proto__', 'constructor']);
    expect(bag['admin']).toBeUndefined();
    expect(JSON.stringify(bag)).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });

  it('shares nothing with the next one', () => {
    nullObject<number>()['a'] = 1;
    expect('a' in nullObject()).toBe(false);
    expect(() => Object.assign(Object.getPrototypeOf(nullObject()) as object, { a: 1 })).toThrow(TypeError);
  });
});
