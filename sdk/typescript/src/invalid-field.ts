import { InvalidFieldError } from './errors';

/** The refusal of what no server needs to see. The value is not quoted: it may be a secret. */
export function invalidField(field: string, rule: string): InvalidFieldError {
  return new InvalidFieldError({ reason: 'INVALID_FIELD', message: `${field} ${rule}`, fields: [field] });
}
