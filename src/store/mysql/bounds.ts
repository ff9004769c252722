/**
 * How long the database may take. The reasons are in docs/decisions/database-sessions.md. Where this process gives up,
 * it ends the connection, since nobody knows what is still to come on it.
 */

/** For a new connection, to its handshake. */
export const CONNECT_MS = 5_000;

/** For a caller, until it has a connection, be it new or one that others give back. Longer than one of them may take. */
export const WAIT_MS = 8_000;

/** For what is sent in one packet, from sending it to the end of the answer. */
export const STATEMENT_MS = 5_000;

/** The same for statements that may read many rows. A call may take longer. */
export const SCAN_MS = 20_000;

/** How often idle connections are pinged, and how long one may take to answer. */
export const PING_EVERY_MS = 2_000;
export const PING_MS = 2_000;

/** How long a connection must be silent before the operating system asks whether the other end is there. */
export const KEEPALIVE_MS = 5_000;

/** How long a pool that is closed waits for what is under way. */
export const CLOSE_MS = 2_000;

/** In a session of the server: how long a statement may run. Shorter than SCAN_MS, so that it is the server that ends it. */
export const SERVER_STATEMENT_S = 15;

/**
 * In a session of the server: how long a client may be silent, inside a transaction too, before its connection is ended
 * and its locks are given to others. Several times PING_EVERY_MS.
 */
export const SERVER_SILENCE_S = 8;
