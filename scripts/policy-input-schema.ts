/**
 * The policy's input as JSON Schema, draft 7, as `opa check --schema` reads it. OPA knows little of the language:
 * `additionalProperties` with a schema is any object, and `anyOf` with `null` is anything at all, which would let every
 * typo below `input.actor` pass. So a member that may be null is `"type": ["object", "null"]`, which OPA takes for the
 * object; a policy asks `is_null(input.actor)`, because `input.actor == null` is a type error then.
 */
import type { Member, Shape } from './read-interface.ts';

type Schema = Readonly<Record<string, unknown>>;

/** @returns the schema's text, as schema/policy-input.schema.json holds it */
export function policyInputSchema(members: readonly Member[]): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'input of a Behalf policy',
    description: 'What Rego sees as `input`, version 1: docs/policy-input.md.',
    ...objectOf(members),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function objectOf(members: readonly Member[]): Schema {
  return {
    type: 'object',
    properties: Object.fromEntries(
      members.map(({ name, shape, doc }) => [name, { ...(doc !== '' && { description: doc }), ...schemaOf(shape) }]),
    ),
    required: members.flatMap(({ name, isOptional }) => (isOptional ? [] : [name])),
    additionalProperties: false,
  };
}

function schemaOf(shape: Shape): Schema {
  switch (shape.kind) {
    case 'any':
      return {};
    case 'text':
      return { type: 'string' };
    case 'literal':
      return { type: typeof shape.value, enum: [shape.value] };
    case 'list':
      return { type: 'array', items: schemaOf(shape.of) };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(shape.of) };
    case 'object':
      return objectOf(shape.members);
    case 'union':
      return unionOf(shape.of);
    default:
      return { type: shape.kind };
  }
}

function unionOf(alternatives: readonly Shape[]): Schema {
  const literals = alternatives.flatMap((each) => (each.kind === 'literal' ? [each.value] : []));
  if (literals.length === alternatives.length) return { type: typeof literals[0], enum: literals };
  const [one, ...others] = alternatives.filter(({ kind }) => kind !== 'null');
  if (one === undefined || others.length > 0) throw new Error('of two types OPA would check neither');
  const schema = schemaOf(one);
  return { ...schema, type: [schema['type'], 'null'] };
}
