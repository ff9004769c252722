import type { Logger } from 'typeorm';

/**
 * TypeORM prints some failures by itself, even when told to log nothing, with texts of the driver that hold data.
 * Whoever gets the error logs it.
 */
export const NO_LOG: Logger = {
  logQuery() {},
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};
